"""The body of a chat request: OpenAI's, with what PolarGrid's own client adds."""

import json
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from node_agent.api.shapes import Strict, Tokens, Writing, arm, nothing_asked, unsupported, without
from node_agent.core.chat import Message, Prompt, Role
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

LARGEST_SCHEMA = 16_384
"""Bytes of JSON: a grammar is made of it, which takes time and memory that grow with it."""


class Part(BaseModel):
    """A piece of a message's content. Only text: a picture or a sound is refused by its type."""

    model_config = Strict

    type: Literal["text"]
    text: str


Content = Annotated[
    Annotated[str, Tag("(text)")]
    | Annotated[list[Part], Field(min_length=1, max_length=MOST_MESSAGES, fail_fast=True), Tag("(list)")],
    Discriminator(arm),
]


class ChatMessage(BaseModel):
    """One turn."""

    model_config = ConfigDict(**Strict, json_schema_extra=nothing_asked(HARMLESS_IN_MESSAGES))

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


def _is_beyond(value: object, size: int) -> bool:
    """Whether *value* has more than *size* values in it: counted that far and no further."""
    left, stack = size, [value]
    while stack and left > 0:
        match stack.pop():
            case dict() as members:
                stack += members.values()
            case list() as items:
                stack += items
            case _:
                pass
        left -= 1
    return bool(stack)


class AnswerSchema(BaseModel):
    """``response_format.json_schema``."""

    model_config = Strict

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
    description: Annotated[str, StringConstraints(max_length=4096)] | None = None
    json_schema: Annotated[dict[str, object], Field(alias="schema")] = {}
    """Any JSON: it is the model's to judge, and not gone through here."""
    strict: bool | None = None
    """Every schema is kept to strictly."""

    @field_validator("json_schema")
    @classmethod
    def _is_bounded(cls, schema: dict[str, object]) -> dict[str, object]:
        if _is_beyond(schema, LARGEST_SCHEMA) or len(json.dumps(schema)) > LARGEST_SCHEMA:
            raise PydanticCustomError("too_large", "expected 16 KiB of JSON at most")
        return schema


class AnswerFormat(BaseModel):
    """What the answer looks like."""

    model_config = Strict

    type: Literal["text", "json_object", "json_schema"]
    json_schema: AnswerSchema | None = None

    @model_validator(mode="after")
    def _has_a_schema_if_it_is_one(self) -> Self:
        if (self.type == "json_schema") != (self.json_schema is not None):
            raise unsupported("json_schema", "'{param}' belongs to the type 'json_schema', and to no other")
        return self

    def schema_text(self) -> str | None:
        """The schema as JSON; None for free text."""
        if self.type == "text":
            return None
        return json.dumps(self.json_schema.json_schema if self.json_schema else {})


class ChatRequest(Writing):
    """``POST /v1/chat/completions``."""

    model_config = ConfigDict(**Strict, json_schema_extra=nothing_asked(HARMLESS))

    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MOST_MESSAGES, fail_fast=True)]
    max_completion_tokens: Tokens | None = None
    response_format: AnswerFormat | None = None

    @model_validator(mode="before")
    @classmethod
    def _refuse_unsupported(cls, body: Mapping[str, object]) -> Mapping[str, object]:
        return without(HARMLESS, body)

    @model_validator(mode="after")
    def _limits_agree(self) -> Self:
        if None not in (limits := {self.max_tokens, self.max_completion_tokens}) and len(limits) == 2:
            words = "'{param}' and 'max_completion_tokens' are two names of one limit and disagree"
            raise unsupported("max_tokens", words)
        return self

    def prompt(self) -> Prompt:
        """As the core knows it."""
        messages = tuple(message.message() for message in self.messages)
        schema = self.response_format.schema_text() if self.response_format else None
        return Prompt(ModelName(self.model), messages, self.manner(), schema)

    def _limit(self) -> int | None:
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens
