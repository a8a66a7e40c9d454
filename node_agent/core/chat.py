"""A chat as values: what is asked of a model, and the pieces its answer comes in."""

from dataclasses import dataclass, field
from enum import StrEnum

from node_agent.core.task import Task, Usage


class Role(StrEnum):
    """Who speaks. OpenAI's ``developer`` is a ``system`` by a newer name, and becomes one at the edge."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is picked. None leaves the choice to the model's own default."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    repetition_penalty: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    seed: int | None = None


class Finish(StrEnum):
    """Why an answer ended: the model or a stop text, or a limit on its length."""

    STOP = "stop"
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Piece:
    """One step of an answer.

    *text* may be empty: a sign of life while the prompt is being read. The last piece, and only the last, has
    *finish* and *usage*.
    """

    text: str
    finish: Finish | None = None
    usage: Usage | None = None

    @property
    def says(self) -> bool:
        """True if there is more of the answer in it."""
        return bool(self.text)


@dataclass(frozen=True, slots=True)
class Manner:
    """How a text is written."""

    sampling: Sampling = field(default_factory=Sampling)
    stop: tuple[str, ...] = ()
    """Texts that end it; none of them is ever part of it."""
    max_tokens: int | None = None
    """Most tokens of it; None: until the model's context is full."""


@dataclass(frozen=True, slots=True)
class Prompt(Task[Piece]):
    """A conversation whose next turn is asked for."""

    messages: tuple[Message, ...]
    manner: Manner = field(default_factory=Manner)
    schema: str | None = None
    """JSON schema that the answer keeps to, as JSON; ``{}``: it is any object; None: it is free text."""


@dataclass(frozen=True, slots=True)
class Beginning(Task[Piece]):
    """A text to be continued, as it stands: no template is put around it."""

    text: str
    manner: Manner = field(default_factory=Manner)
