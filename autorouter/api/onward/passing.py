"""A node's answer, passed on byte for byte as it comes."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Mapping
from typing import NoReturn

import aiohttp
from aiohttp import HttpVersion11, web

from autorouter.api.onward import headers
from autorouter.core.units import Seconds

PATIENCE = Seconds(30.0)
"""For a reader that takes nothing."""

HIGH_WATER = 16 << 10
"""Bytes that wait for a slow reader here; then the node's answer waits."""


async def pass_on(
    request: web.Request, answer: aiohttp.ClientResponse, more: Mapping[str, str]
) -> web.StreamResponse:
    """Answer *request* by *answer*, with the headers *more*. Raises `ConnectionAbortedError` if it breaks off."""
    response = web.StreamResponse(status=answer.status, headers=headers.answered(answer.headers))
    response.headers.update(more)
    if request.transport is not None:
        request.transport.set_write_buffer_limits(high=HIGH_WATER)
    try:
        await _taken(response.prepare(request))
        async for chunk in answer.content.iter_chunked(HIGH_WATER):
            await _taken(response.write(chunk))
        await _taken(response.write_eof())
    except (aiohttp.ClientError, OSError, TimeoutError) as exc:
        _abort(request, f"the answer broke off: {type(exc).__name__}")
    finally:
        answer.close()  # if it has ended, its connection is kept all the same
    return response


def unfit(answer: aiohttp.ClientResponse) -> str | None:
    """Why *answer* cannot be passed on, in words: it sends the client elsewhere unasked, or it cannot be written."""
    if answer.status == 101 or (300 <= answer.status < 400 and answer.status != 304):
        return f"answered {answer.status}, which nobody asked for"
    return None if headers.is_sound(answer.headers) else "answered with headers that cannot be passed on"


async def _taken(writing: Awaitable[object]) -> None:
    async with asyncio.timeout(PATIENCE):
        await writing


def _abort(request: web.Request, why: str) -> NoReturn:
    """An orderly end would look like the answer's own, and would wait for a reader that does not read."""
    if request.transport is not None:
        if request.version < HttpVersion11:
            _reset_at_close(request.transport)
        request.transport.abort()
    raise ConnectionAbortedError(why)


def _reset_at_close(transport: asyncio.Transport) -> None:
    """Of HTTP/1.0 an answer may be over whenever its connection is, unless that is reset."""
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
