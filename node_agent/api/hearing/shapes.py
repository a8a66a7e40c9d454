"""The parameters of both endpoints, strictly: what is not done is refused by name (see `node_agent.api.shapes`)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal, Self, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from node_agent.api.problems import Failed
from node_agent.api.shapes import Strict, without
from node_agent.core.hearing import Recording
from node_agent.core.models import ModelName, ModelSpec

LISTS = (
    "include",
    "keywords",
    "known_speaker_names",
    "known_speaker_references",
    "languages",
    "timestamp_granularities",
)
"""Parameters that may be there several times, with ``[]`` after their names or without."""

HARMLESS: Mapping[str, tuple[object, ...]] = {
    "chunking_strategy": ("auto",),  # which is what happens: long recordings are cut where they are quiet
    "include": ([],),
    "keywords": ([],),
    "known_speaker_names": ([],),
    "known_speaker_references": ([],),
    "languages": ([],),
}
"""Parameter → values that ask for nothing."""

LONGEST_PROMPT = 4096
"""Letters. Whisper reads the last 224 tokens of it."""

AS_IT_COMES = ("json", "text")
"""Formats that a stream may be asked for with: it is events in any case."""


def _form(schema: JsonDict) -> None:
    """Tells the JSON schema of the form: it has a file, and no null."""
    members = cast("dict[str, dict[str, object]]", schema["properties"])
    for name, member in members.items():
        if "anyOf" in member:
            members[name] = cast("list[dict[str, object]]", member["anyOf"])[0]
    members["file"] = {"type": "string", "contentMediaType": "application/octet-stream"}
    members["chunking_strategy"] = {"enum": [*HARMLESS["chunking_strategy"]]}
    cast("list[str]", schema["required"]).append("file")


class TranslationRequest(BaseModel):
    """``POST /v1/audio/translations``: what was said, in English. All values come as texts."""

    model_config = ConfigDict(**Strict, json_schema_extra=_form)

    model: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    prompt: Annotated[str, StringConstraints(max_length=LONGEST_PROMPT)] = ""
    response_format: Literal["json", "text", "srt", "verbose_json", "vtt"] = "json"
    temperature: Annotated[float, Field(ge=0, le=1, strict=False)] = 0.0
    stream: Annotated[bool, Field(strict=False)] = False

    @model_validator(mode="before")
    @classmethod
    def _refuse_unsupported(cls, body: Mapping[str, object]) -> Mapping[str, object]:
        return without(HARMLESS, body)

    @model_validator(mode="after")
    def _stream_is_events(self) -> Self:
        if self.stream and self.response_format not in AS_IT_COMES:
            words = f"'{{param}}' cannot be {self.response_format} in a stream, which is events with text"
            raise PydanticCustomError("unsupported", words, {"param": "response_format"})
        return self

    @property
    def parts(self) -> tuple[str, ...]:
        """What ``verbose_json`` tells the moments of."""
        return ("segment",)

    def task(self, model: ModelSpec) -> Recording:
        """As the core knows it, without its sound. Raises `Failed` if *model* cannot do it."""
        if model.options.get("translates") != "true":
            raise Failed("unsupported_parameter", f"model {model.name} does not translate", "model")
        return self._recording(model, None, translate=True)

    def _recording(self, model: ModelSpec, language: str | None, *, translate: bool = False) -> Recording:
        return Recording(
            ModelName(model.name),
            pcm=b"",
            language=language,
            prompt=self.prompt,
            temperature=self.temperature,
            words="word" in self.parts,
            translate=translate,
        )


class TranscriptionRequest(TranslationRequest):
    """``POST /v1/audio/transcriptions``: what was said."""

    language: Annotated[str, StringConstraints(pattern=r"^[A-Za-z]{2,3}$")] | None = None
    timestamp_granularities: Annotated[list[Literal["word", "segment"]], Field(min_length=1, max_length=2)] | None = (
        None
    )

    @model_validator(mode="after")
    def _words_have_a_place(self) -> Self:
        if self.timestamp_granularities is not None and self.response_format != "verbose_json":
            words = "'{param}' is only for the response_format verbose_json"
            raise PydanticCustomError("unsupported", words, {"param": "timestamp_granularities"})
        return self

    @property
    def parts(self) -> tuple[str, ...]:
        """What ``verbose_json`` tells the moments of."""
        return tuple(self.timestamp_granularities or super().parts)

    def task(self, model: ModelSpec) -> Recording:
        """As the core knows it, without its sound. Raises `Failed` if *model* cannot do it."""
        known = model.options.get("languages", "").split(",")
        language = self.language.lower() if self.language else None
        if language is not None and language not in known:
            heard = known[0] if len(known) == 1 else f"{len(known)} others"
            raise Failed("invalid_value", f"model {model.name} does not hear '{language}', but {heard}", "language")
        return self._recording(model, language or (known[0] if len(known) == 1 else None))


def merged(form: Mapping[str, Sequence[str]], query: Mapping[str, str]) -> Mapping[str, object]:
    """The parameters of *form* and *query* together. Clients may say a thing in both, and must say it alike."""
    told = {name: value for name, value in query.items() if name != "sync"}
    for name, values in form.items():
        base = name.partition("[")[0]
        if base not in LISTS and (len(values) > 1 or told.get(base, values[0]) != values[0]):
            raise Failed("invalid_value", f"'{base[:64]}' is given several times", base[:64])
    return {**{name.partition("[")[0]: _value(name, values) for name, values in form.items()}, **told}


def _value(name: str, values: Sequence[str]) -> object:
    return list(values) if name.partition("[")[0] in LISTS else values[0]
