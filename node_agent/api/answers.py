"""The answers to a chat, in OpenAI's shapes."""

from collections.abc import Mapping
from dataclasses import dataclass

from node_agent.core.chat import Finish
from node_agent.core.models import ModelName
from node_agent.core.task import Usage
from node_agent.core.units import Seconds, millis

Shape = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What all parts of one answer have in common."""

    id: str
    created: int
    model: ModelName
    with_usage: bool = False
    """The stream was asked to tell its usage: every chunk then has the member, null but in the last."""

    def role(self) -> Shape:
        """The first chunk of a stream."""
        return self._chunk([_choice({"role": "assistant", "content": ""}, None)])

    def delta(self, text: str) -> Shape:
        """More of the answer."""
        return self._chunk([_choice({"content": text}, None)])

    def finish(self, finish: Finish) -> Shape:
        """The end of the answer."""
        return self._chunk([_choice({}, finish)])

    def usage(self, usage: Usage) -> Shape:
        """After the end, where it was asked for."""
        return {**self._chunk([]), "usage": _usage(usage)}

    def whole(self, text: str, finish: Finish, usage: Usage, region: str, took: Seconds) -> Shape:
        """The answer in one piece; ``pg_metadata`` is PolarGrid's member, and none of OpenAI's clients minds it."""
        message = {"role": "assistant", "content": text, "refusal": None}
        return {
            **self._head("chat.completion"),
            "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
            "usage": _usage(usage),
            "pg_metadata": {"region": region, "latency_ms": round(millis(took))},
        }

    def _head(self, kind: str) -> Shape:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}

    def _chunk(self, choices: list[Shape]) -> Shape:
        chunk = {**self._head("chat.completion.chunk"), "choices": choices}
        return {**chunk, "usage": None} if self.with_usage else chunk


def _choice(delta: Shape, finish: Finish | None) -> Shape:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _usage(usage: Usage) -> Shape:
    total = usage.prompt + usage.answer
    return {"prompt_tokens": usage.prompt, "completion_tokens": usage.answer, "total_tokens": total}
