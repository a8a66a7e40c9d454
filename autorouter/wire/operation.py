"""What a process can be asked for, as values: its routing, its checks and its OpenAPI document are made of them.

An operation that is in no table does not exist, and what its own entry does not name is refused. To add one: an
`Operation` in the table of its process, and the line that binds a handler to it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from autorouter.wire.header import Header
from autorouter.wire.problem import Kind

JSON = "application/json"
TEXT = "text/plain"
EVENTS = "text/event-stream"
FORM = "multipart/form-data"

Method = Literal["GET", "POST", "PUT", "DELETE"]
Where = Literal["query", "path", "header"]
Shape = object
"""A type, as pydantic reads it: a model, or ``Annotated[float, Field(gt=0)]``."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """What may be said beside the body."""

    name: str
    summary: str
    shape: Shape = str
    where: Where = "query"
    most: int = 1
    """How many times it may be there."""
    listed: bool = False
    """Several values of *shape* in one, with commas between."""
    required: bool = False
    examples: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Content:
    """A body: what it holds, and as what it is sent."""

    shape: Shape
    type: str = JSON


@dataclass(frozen=True, slots=True)
class Answer:
    """One way in which an operation ends well."""

    summary: str
    contents: tuple[Content, ...] = ()
    """Which of them it is depends on what was asked; none: it has no body."""
    status: int | Literal["default"] = 200
    """``default``: any that is not told otherwise."""
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked for."""

    name: str
    """What programs that are made of the document call it."""
    method: Method
    path: str
    summary: str
    tag: str
    answers: tuple[Answer, ...]
    parameters: tuple[Parameter, ...] = ()
    body: Content | None = None
    codes: tuple[str, ...] = ()
    """The problems that it may end in, beside those that anything may end in."""
    key: str = ""
    """Which of the interface's keys it wants to see; none if empty."""
    scope: str = ""
    """What that key must be for; anything if empty."""
    query: Mapping[str, Parameter] = field(init=False, compare=False)
    """Those of its parameters that may be in a query, by name."""

    def __post_init__(self) -> None:
        said = {each.name: each for each in self.parameters if each.where == "query"}
        object.__setattr__(self, "query", said)

    def unknown(self, names: Iterable[str]) -> str | None:
        """The first of the query's *names* that is no parameter of this."""
        return next((name for name in names if name not in self.query), None)

    def beyond(self, names: Sequence[str]) -> Parameter | None:
        """The first of its parameters that is among the query's *names* more often than it may be."""
        return next((each for each in self.query.values() if names.count(each.name) > each.most), None)


@dataclass(frozen=True, slots=True)
class Interface:
    """All that one process answers to."""

    title: str
    summary: str
    operations: tuple[Operation, ...]
    problems: Mapping[str, Kind]
    """Its catalogue, by code."""
    always: tuple[str, ...] = ()
    """Codes that any operation may end in."""
    headers: tuple[Header, ...] = ()
    """Of every answer."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Name → what kind of key that is. All are shown as bearer tokens."""
    spared: frozenset[str] = frozenset()
    """Those that are not asked for by everybody's request: who is trusted without is the handler's to say."""
