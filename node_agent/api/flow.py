"""An answer that is sent as it comes, whatever is in it, and what becomes of it when something fails on the way."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import NoReturn

from aiohttp import web

from node_agent.api.problems import Fail
from node_agent.core.units import Seconds

HEADERS = {
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # else nginx holds it back
}


class Flow:
    """An open answer. What a reader leaves unread is bounded by the socket's buffers and by *patience*."""

    def __init__(self, request: web.Request, patience: Seconds, headers: Mapping[str, str]) -> None:
        self.response = web.StreamResponse(headers={**HEADERS, **headers})
        self._request = request
        self._patience = patience

    @property
    def is_open(self) -> bool:
        """True once its headers are on their way: what goes wrong from then on has no status any more."""
        return self.response.prepared

    async def open(self) -> None:
        """Send the headers."""
        self._request[FLOW] = self
        await self.response.prepare(self._request)

    async def send(self, data: bytes) -> None:
        """Send *data*. A reader that takes nothing for *patience* seconds is cut off: `ConnectionAbortedError`."""
        await self._taken(self.response.write(data))

    async def close(self) -> None:
        """Wait until the reader has taken the rest, as patiently as `send`."""
        await self._taken(self.response.write_eof())

    async def fail(self, fail: Fail) -> None:  # noqa: ARG002 - there is no place for words in what is not events
        """End it so that nobody takes it for whole: without its last chunk a body is an error to all clients.

        Raises `ConnectionAbortedError`.
        """
        _abort(self._request, "the answer failed on its way")

    async def _taken(self, writing: Awaitable[None]) -> None:
        await taken(self._request, writing, self._patience)


async def taken(request: web.Request, writing: Awaitable[None], patience: Seconds) -> None:
    """Wait until what *writing* sends is taken. Raises `ConnectionAbortedError` for who takes nothing for so long."""
    try:
        async with asyncio.timeout(patience):
            await writing
    except TimeoutError:
        _abort(request, "the client reads nothing")


def _abort(request: web.Request, why: str) -> NoReturn:
    if request.transport is not None:
        request.transport.abort()  # an orderly end would wait for the reader too
    raise ConnectionAbortedError(why)


FLOW = web.RequestKey("flow", Flow)
"""The one that a request is answered by."""
