"""Waiting for a node that may never answer: given up once the router's own looks have found it down."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

EVERY_S = 0.25
"""Between two glances at what is known anyway."""


@asynccontextmanager
async def watching(is_gone: Callable[[], bool]) -> AsyncIterator[None]:
    """Wait in the block. Raises `TimeoutError` there soon after *is_gone* has become true."""
    loop, waits = asyncio.get_running_loop(), True

    def look() -> None:
        if waits and is_gone():
            wait.reschedule(loop.time())
        elif waits:
            loop.call_later(EVERY_S, look)

    async with asyncio.timeout(None) as wait:
        loop.call_later(EVERY_S, look)
        try:
            yield
        finally:
            waits = False
