"""The body of a chat request: OpenAI's, with what PolarGrid's own client adds.

What the node does is a field. What it does not do is in `HARMLESS` with the values that ask for nothing, and refused
by name with any other. What is in neither is unknown, and refused too: a parameter ignored in silence is a lie.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag, model_validator
from pydantic_core import PydanticCustomError

from node_agent.core.chat import Message, Prompt, Role, Sampling
from node_agent.core.models import ModelName

HARMLESS: Mapping[str, tuple[object, ...]] = {
    "audio": (),
    "enable_thinking": (False,),
    "function_call": ("none",),
    "functions": ([],),
    "logit_bias": ({},),
    "logprobs": (False,),
    "metadata": ({},),
    "modalities": (["text"],),
    "n": (1,),
    "parallel_tool_calls": (True, False),
    "prediction": (),
    "prompt_cache_key": (),
    "reasoning_effort": ("none",),
    "response_format": ({"type": "text"},),
    "safety_identifier": (),
    "service_tier": ("auto", "default"),
    "store": (False,),
    "tool_choice": ("none", "auto"),
    "tools": ([],),
    "top_logprobs": (0,),
    "verbosity": (),
    "web_search_options": (),
}
"""Parameter → values that ask for nothing; null always does."""

HARMLESS_IN_MESSAGES: Mapping[str, tuple[object, ...]] = {
    "annotations": ([],),
    "audio": (),
    "function_call": (),
    "refusal": (),
    "tool_calls": ([],),
}
"""The same for a message: clients send back the whole one that they were answered with."""

MOST_MESSAGES = 1024
MOST_STOPS = 4
LONGEST_STOP = 256

Strict = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
Stop = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_STOP)]


class Part(BaseModel):
    """A piece of a message's content. Only text: a picture or a sound is refused by its type."""

    model_config = Strict

    type: Literal["text"]
    text: str


def _arm(value: object) -> str:
    """Which arm of "a text or a list" is meant. No parameter can have such a name: errors leave it out."""
    return "(list)" if isinstance(value, list) else "(text)"


Content = Annotated[
    Annotated[str, Tag("(text)")]
    | Annotated[list[Part], Field(min_length=1, max_length=MOST_MESSAGES), Tag("(list)")],
    Discriminator(_arm),
]
Stops = Annotated[
    Annotated[Stop, Tag("(text)")] | Annotated[list[Stop], Field(max_length=MOST_STOPS), Tag("(list)")],
    Discriminator(_arm),
]


class ChatMessage(BaseModel):
    """One turn."""

    model_config = Strict

    role: Literal["system", "developer", "user", "assistant"]
    content: Content
    name: Annotated[str, StringConstraints(max_length=64)] | None = None
    """Who speaks, among several of one role. Accepted; these models' templates have no place for it."""

    @model_validator(mode="before")
    @classmethod
    def _refuse_unsupported(cls, message: object) -> object:
        return without(HARMLESS_IN_MESSAGES, message) if isinstance(message, dict) else message

    def message(self) -> Message:
        """As the core knows it."""
        role = Role.SYSTEM if self.role == "developer" else Role(self.role)
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return Message(role, text)


class StreamOptions(BaseModel):
    """How a stream is dressed."""

    model_config = Strict

    include_usage: bool = False
    include_obfuscation: Literal[False] = False


class ChatRequest(BaseModel):
    """``POST /v1/chat/completions``."""

    model_config = Strict

    model: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MOST_MESSAGES)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1)] | None = None
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    stop: Stops | None = None
    user: Annotated[str, StringConstraints(max_length=256)] | None = None
    """Accepted and not used, which is what OpenAI defines: it names an end user for the operator's own eyes."""
    top_k: Annotated[int, Field(ge=0, le=1_000_000)] | None = None
    min_p: Annotated[float, Field(ge=0, le=1)] | None = None
    repetition_penalty: Annotated[float, Field(ge=0.01, le=10)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_unsupported(cls, body: Mapping[str, object]) -> Mapping[str, object]:
        return without(HARMLESS, body)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.stream_options is not None and not self.stream:
            words = "'{param}' is only for streams: set 'stream' to true"
            raise PydanticCustomError("unsupported", words, {"param": "stream_options"})
        if None not in (limits := {self.max_tokens, self.max_completion_tokens}) and len(limits) == 2:
            words = "'{param}' and 'max_completion_tokens' are two names of one limit and disagree"
            raise PydanticCustomError("unsupported", words, {"param": "max_tokens"})
        return self

    def prompt(self) -> Prompt:
        """As the core knows it."""
        limit = self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens
        stop = [self.stop] if isinstance(self.stop, str) else self.stop or []
        messages = tuple(message.message() for message in self.messages)
        return Prompt(ModelName(self.model), messages, self._sampling(), tuple(stop), limit)

    def _sampling(self) -> Sampling:
        return Sampling(
            temperature=self.temperature,
            top_p=self.top_p,
            top_k=self.top_k,
            min_p=self.min_p,
            repetition_penalty=self.repetition_penalty,
            frequency_penalty=self.frequency_penalty,
            presence_penalty=self.presence_penalty,
            seed=self.seed,
        )


def without(harmless: Mapping[str, tuple[object, ...]], body: Mapping[str, object]) -> Mapping[str, object]:
    """*body* less what asks for nothing. Refuses the rest of what the node does not do, by name."""
    for name in harmless.keys() & body.keys():
        if not _asks_nothing(body[name], harmless[name]):
            words = "'{param}' is not supported by this node with that value"
            raise PydanticCustomError("unsupported", words, {"param": name})
    return {name: value for name, value in body.items() if name not in harmless}


def _asks_nothing(found: object, harmless: tuple[object, ...]) -> bool:
    """True if *found* is null or one of *harmless*. ``True == 1`` in Python, so the type is compared too."""
    return found is None or any(type(found) is type(value) and found == value for value in harmless)
