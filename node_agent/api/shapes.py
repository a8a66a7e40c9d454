"""What the bodies of several endpoints share.

What the node does is a field. What it does not do is in a table with the values that ask for nothing, and refused by
name with any other. What is in neither is unknown, and refused too: a parameter ignored in silence is a lie.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal, Self, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from node_agent.core.chat import Manner, Sampling

MOST_STOPS = 4
LONGEST_STOP = 256

Strict = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, use_attribute_docstrings=True)
Model = Annotated[str, StringConstraints(min_length=1, max_length=256)]
User = Annotated[str, StringConstraints(max_length=256)]
"""Accepted and not used, which is what OpenAI defines: it names an end user for the operator's own eyes."""


def _whole(number: object) -> object:
    """JSON has one kind of numbers: 3.0 is as whole as 3."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


WHOLE = BeforeValidator(_whole)
"""To be named last, or the JSON schema does not tell of what was named before."""

Tokens = Annotated[int, Field(ge=1, le=1_000_000), WHOLE]
Stop = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_STOP)]


def arm(value: object) -> str:
    """Which arm of "a text or a list" is meant. No parameter can have such a name: errors leave it out."""
    return "(list)" if isinstance(value, list) else "(text)"


Stops = Annotated[
    Annotated[Stop, Tag("(text)")] | Annotated[list[Stop], Field(max_length=MOST_STOPS), Tag("(list)")],
    Discriminator(arm),
]


class StreamOptions(BaseModel):
    """How a stream is dressed."""

    model_config = Strict

    include_usage: bool = False
    include_obfuscation: Literal[False] = False


class Writing(BaseModel):
    """How a text is written, whether it answers or continues."""

    model_config = Strict

    model: Model
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Tokens | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63), WHOLE] | None = None
    stop: Stops | None = None
    user: User | None = None
    top_k: Annotated[int, Field(ge=0, le=1_000_000), WHOLE] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    repetition_penalty: Annotated[float, Field(ge=0.01, le=10)] | None = None

    @model_validator(mode="after")
    def _stream_options_are_for_streams(self) -> Self:
        if self.stream_options is not None and not self.stream:
            raise unsupported("stream_options", "'{param}' is only for streams: set 'stream' to true")
        return self

    @property
    def with_usage(self) -> bool:
        """Whether a stream is to tell its usage."""
        return self.stream_options is not None and self.stream_options.include_usage

    def manner(self) -> Manner:
        """As the core knows it."""
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return Manner(self._sampling(), tuple(stop), self._limit())

    def _limit(self) -> int | None:
        return self.max_tokens

    def _sampling(self) -> Sampling:
        return Sampling(**{name: getattr(self, name) for name in Sampling.__slots__})


def unsupported(param: str, words: str) -> PydanticCustomError:
    """An error that names *param*; *words* may say ``{param}``."""
    return PydanticCustomError("unsupported", words, {"param": param})


def without(harmless: Mapping[str, tuple[object, ...]], body: Mapping[str, object]) -> Mapping[str, object]:
    """*body* less what asks for nothing. Refuses the rest of what the node does not do, by name."""
    for name in harmless.keys() & body.keys():
        if not _asks_nothing(body[name], harmless[name]):
            raise unsupported(name, "'{param}' is not supported by this node with that value")
    return {name: value for name, value in body.items() if name not in harmless}


def nothing_asked(harmless: Mapping[str, tuple[object, ...]]) -> Callable[[JsonDict], None]:
    """Tells a shape's JSON schema that it takes what `without` takes off."""

    def tell(schema: JsonDict) -> None:
        words = "Taken where it asks for nothing."
        more = {name: {"description": words, "enum": [None, *values]} for name, values in harmless.items()}
        cast("dict[str, object]", schema["properties"]).update(more)

    return tell


def _asks_nothing(found: object, harmless: tuple[object, ...]) -> bool:
    """True if *found* is null or one of *harmless*. ``True == 1`` in Python, so the type is compared too."""
    return found is None or any(type(found) is type(value) and found == value for value in harmless)
