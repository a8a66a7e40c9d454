"""What is written: chats, completions, vectors."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from autorouter.wire.problem import OpenAIError
from node_agent.core.chat import Finish


class Tokens(TypedDict):
    """What was read and written."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class Metadata(TypedDict):
    """PolarGrid's: where and how long, in ms."""

    region: str
    latency_ms: int
    model_load_time_ms: int
    queue_time_ms: int
    inference_time_ms: int


class SaidMessage(TypedDict):
    """The answer to a chat."""

    role: Literal["assistant"]
    content: str
    refusal: None


class ChatChoice(TypedDict):
    """The one answer."""

    index: int
    message: SaidMessage
    logprobs: None
    finish_reason: Finish


class ChatAnswer(TypedDict):
    """A chat, answered whole."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatChoice]
    usage: Tokens
    pg_metadata: Metadata


class Delta(TypedDict):
    """More of the answer."""

    role: NotRequired[Literal["assistant"]]
    content: NotRequired[str]


class ChatDelta(TypedDict):
    """More of the one answer."""

    index: int
    delta: Delta
    logprobs: None
    finish_reason: Finish | None


class ChatChunk(TypedDict):
    """An event of a chat."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChatDelta]
    usage: NotRequired[Tokens | None]


class Broken(TypedDict):
    """The last event of a stream that fails."""

    error: OpenAIError


class CompletionChoice(TypedDict):
    """The one continuation."""

    index: int
    text: str
    logprobs: None
    finish_reason: Finish


class CompletionAnswer(TypedDict):
    """A text, continued in one piece."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[CompletionChoice]
    usage: Tokens
    pg_metadata: Metadata


class CompletionDelta(TypedDict):
    """More of the one continuation."""

    index: int
    text: str
    logprobs: None
    finish_reason: Finish | None


class CompletionChunk(TypedDict):
    """An event of a completion."""

    id: str
    object: Literal["text_completion"]
    created: int
    model: str
    choices: list[CompletionDelta]
    usage: NotRequired[Tokens | None]


class TokensRead(TypedDict):
    """What was read."""

    prompt_tokens: int
    total_tokens: int


class Placed(TypedDict):
    """One text's vector."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str
    """A text where base64 was asked for: floats of 32 bits, little endian."""


class EmbeddingAnswer(TypedDict):
    """One vector for each text, in their order."""

    object: Literal["list"]
    data: list[Placed]
    model: str
    usage: TokensRead
