"""Server-sent events, as OpenAI's clients read them: one JSON object per event, ``[DONE]`` at the end."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from node_agent.api.problems import Fail
from node_agent.core.units import Seconds

DONE = b"data: [DONE]\n\n"

HEADERS = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # else nginx holds tokens back
}


def event(shape: Mapping[str, object]) -> bytes:
    r"""One event. Line ends inside are escaped by JSON, so a data line cannot be split.

    >>> event({"a": "b\n"})
    b'data: {"a":"b\\n"}\n\n'
    """
    return b"data: " + json.dumps(shape, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


class Stream:
    """An open event stream. What a reader leaves unread is bounded by the socket's buffers and by *patience*."""

    def __init__(
        self, request: web.Request, patience: Seconds, failure: Callable[[Fail], Mapping[str, object]] | None = None
    ) -> None:
        self.response = web.StreamResponse(headers=HEADERS)
        self._request = request
        self._patience = patience
        self._failure = failure or _openai

    @property
    def is_open(self) -> bool:
        """True once its headers are on their way: what goes wrong from then on is an event, not an answer."""
        return self.response.prepared

    async def open(self) -> None:
        """Send the headers."""
        self._request[STREAM] = self
        await self.response.prepare(self._request)

    async def send(self, data: bytes) -> None:
        """Send *data*. A reader that takes nothing for *patience* seconds is cut off: `ConnectionAbortedError`."""
        await self._taken(self.response.write(data))

    async def fail(self, fail: Fail) -> None:
        """End with what went wrong, in the words of the client's kind."""
        await self.send(event(self._failure(fail)))
        await self.close()

    async def close(self) -> None:
        """Wait until the reader has taken the rest, as patiently as `send`."""
        await self._taken(self.response.write_eof())

    async def _taken(self, writing: Awaitable[None]) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await writing
        except TimeoutError as exc:
            if self._request.transport is not None:
                self._request.transport.abort()  # an orderly end would wait for the reader too
            raise ConnectionAbortedError("the client reads nothing") from exc


def _openai(fail: Fail) -> Mapping[str, object]:
    return {"error": fail.shape().error.model_dump()}


STREAM = web.RequestKey("stream", Stream)
"""The stream that a request is answered by."""
