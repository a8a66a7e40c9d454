"""The body of a speech request: OpenAI's, with PolarGrid's ``stream``. What is not done is refused by name."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from node_agent.api.problems import Failed
from node_agent.api.shapes import Strict, nothing_asked, without
from node_agent.audio.encoding import Format
from node_agent.core.models import ModelSpec
from node_agent.core.speech import Speech, voices

LONGEST_INPUT = 4096
"""Characters, as at OpenAI: about four minutes."""

STREAMED = (Format.PCM, Format.OPUS)
"""What PolarGrid streams."""

HARMLESS: Mapping[str, tuple[object, ...]] = {"instructions": ("",), "language": (), "voice_transcript": ()}
"""Parameter → values that ask for nothing; null always does."""

Id = Annotated[str, StringConstraints(min_length=1, max_length=256)]


def _arm(value: object) -> str:
    """Which arm of "a name or an object" is meant; named as no parameter can be."""
    return "(object)" if isinstance(value, dict) else "(text)"


def _says_something(text: str) -> str:
    if not text.strip():
        raise ValueError("there is nothing in it to be spoken")
    return text


TOLD = Field(json_schema_extra={"minLength": 1, "pattern": r"\S"})


class VoiceId(BaseModel):
    """A voice as an object."""

    model_config = Strict

    id: Id


class SpeechRequest(BaseModel):
    """``POST /v1/audio/speech``."""

    model_config = ConfigDict(**Strict, json_schema_extra=nothing_asked(HARMLESS))

    model: Id
    input: Annotated[str, StringConstraints(max_length=LONGEST_INPUT), AfterValidator(_says_something), TOLD]
    voice: Annotated[Annotated[Id, Tag("(text)")] | Annotated[VoiceId, Tag("(object)")], Discriminator(_arm)]
    response_format: Annotated[Format, Field(strict=False)] | None = None
    speed: Annotated[float, Field(ge=0.25, le=4)] | None = None
    stream_format: Literal["audio", "sse"] | None = None
    stream: bool | None = None
    """False: in one piece, whose headers know its length. True is PolarGrid's. None: as it comes, in any format."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_unsupported(cls, body: Mapping[str, object]) -> Mapping[str, object]:
        return without(HARMLESS, body)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.stream and self.format not in STREAMED:
            words = "'{param}' with 'stream' must be pcm or opus"
            raise PydanticCustomError("unsupported", words, {"param": "response_format"})
        if self.stream is False and self.in_events:
            words = "'{param}' sse and 'stream' false disagree"
            raise PydanticCustomError("unsupported", words, {"param": "stream_format"})
        return self

    @property
    def format(self) -> Format:
        """OpenAI's default is mp3."""
        return self.response_format or Format.MP3

    @property
    def in_events(self) -> bool:
        """Asked for as server-sent events."""
        return self.stream_format == "sse"

    def speech(self, model: ModelSpec) -> Speech:
        """As the core knows it. Raises `Failed` with the voices that *model* has."""
        asked = self.voice if isinstance(self.voice, str) else self.voice.id
        there = voices(model)
        if asked not in there:
            detail = f"model {model.name} has no voice {asked[:64]!r}, it has: {', '.join(there)}"
            raise Failed("invalid_value", detail, "voice")
        return Speech(model.name, self.input, there[asked], self.speed or 1.0)
