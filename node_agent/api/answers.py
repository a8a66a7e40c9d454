"""Written answers in OpenAI's shapes: a chat's, and a completion's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol

from node_agent.api.told.writing import Tokens
from node_agent.core.chat import Finish
from node_agent.core.models import ModelName
from node_agent.core.task import Usage

Shape = Mapping[str, object]


class Envelope(Protocol):
    """How one answer is dressed."""

    def opening(self) -> tuple[Shape, ...]:
        """What a stream begins with."""
        ...

    def delta(self, text: str) -> Shape:
        """More of the answer."""
        ...

    def finish(self, finish: Finish) -> Shape:
        """The end of the answer."""
        ...

    def usage(self, usage: Usage) -> tuple[Shape, ...]:
        """After the end, where it was asked for."""
        ...

    def whole(self, text: str, finish: Finish, usage: Usage) -> Shape:
        """The answer in one piece."""
        ...


@dataclass(frozen=True, slots=True)
class _Dress:
    """What all parts of one answer have in common."""

    whole_kind: ClassVar[str]
    part_kind: ClassVar[str]

    id: str
    created: int
    model: ModelName
    with_usage: bool = False
    """The stream was asked to tell its usage: every chunk then has the member, null but in the last."""

    def usage(self, usage: Usage) -> tuple[Shape, ...]:
        """After the end, where it was asked for."""
        return ({**self._chunk(), "usage": counted(usage)},) if self.with_usage else ()

    def _head(self, kind: str) -> Shape:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _chunk(self, *choices: Shape) -> Shape:
        chunk = {**self._head(self.part_kind), "choices": list(choices)}
        return {**chunk, "usage": None} if self.with_usage else chunk

    def _whole(self, choice: Shape, usage: Usage) -> Shape:
        return {**self._head(self.whole_kind), "choices": [choice], "usage": counted(usage)}


class Chat(_Dress):
    """``chat.completion``."""

    whole_kind = "chat.completion"
    part_kind = "chat.completion.chunk"

    def opening(self) -> tuple[Shape, ...]:
        """The role."""
        return (self._chunk(_choice("delta", {"role": "assistant", "content": ""}, None)),)

    def delta(self, text: str) -> Shape:
        """More of the answer."""
        return self._chunk(_choice("delta", {"content": text}, None))

    def finish(self, finish: Finish) -> Shape:
        """The end of the answer."""
        return self._chunk(_choice("delta", {}, finish))

    def whole(self, text: str, finish: Finish, usage: Usage) -> Shape:
        """The answer in one piece."""
        return self._whole(_choice("message", {"role": "assistant", "content": text, "refusal": None}, finish), usage)


class Completion(_Dress):
    """``text_completion``."""

    whole_kind = part_kind = "text_completion"

    def opening(self) -> tuple[Shape, ...]:
        """Nothing."""
        return ()

    def delta(self, text: str) -> Shape:
        """More of the text."""
        return self._chunk(_choice("text", text, None))

    def finish(self, finish: Finish) -> Shape:
        """The end of the text."""
        return self._chunk(_choice("text", "", finish))

    def whole(self, text: str, finish: Finish, usage: Usage) -> Shape:
        """The text in one piece."""
        return self._whole(_choice("text", text, finish), usage)


def counted(usage: Usage) -> Tokens:
    """Tokens, as OpenAI names them."""
    total = usage.prompt + usage.answer
    return {"prompt_tokens": usage.prompt, "completion_tokens": usage.answer, "total_tokens": total}


def _choice(name: str, content: object, finish: Finish | None) -> Shape:
    return {"index": 0, name: content, "logprobs": None, "finish_reason": finish}
