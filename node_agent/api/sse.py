"""Server-sent events, as OpenAI's clients read them: one JSON object per event, ``[DONE]`` at the end."""

import json
from collections.abc import Callable, Mapping

from aiohttp import web

from node_agent.api.flow import Flow
from node_agent.api.problems import Fail
from node_agent.core.units import Seconds

DONE = b"data: [DONE]\n\n"

HEADERS = {"Content-Type": "text/event-stream; charset=utf-8"}


def event(shape: Mapping[str, object]) -> bytes:
    r"""One event. Line ends inside are escaped by JSON, so a data line cannot be split.

    >>> event({"a": "b\n"})
    b'data: {"a":"b\\n"}\n\n'
    """
    return b"data: " + json.dumps(shape, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


class Stream(Flow):
    """An open event stream. A failure is its last event."""

    def __init__(
        self, request: web.Request, patience: Seconds, failure: Callable[[Fail], Mapping[str, object]] | None = None
    ) -> None:
        super().__init__(request, patience, HEADERS)
        self._failure = failure or _openai

    async def fail(self, fail: Fail) -> None:
        """Tell of it, in the words of the client's kind."""
        await self.send(event(self._failure(fail)))
        await self.close()


def _openai(fail: Fail) -> Mapping[str, object]:
    return {"error": fail.shape().error.model_dump()}
