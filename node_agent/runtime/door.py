"""The node's door: open, or closing until the last one inside has left."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Door:
    """Counts who is inside."""

    def __init__(self) -> None:
        self.draining = False
        self.inside_now = 0
        self._empty = asyncio.Event()
        self._empty.set()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be inside for the length of the block."""
        self.inside_now += 1
        self._empty.clear()
        try:
            yield
        finally:
            self.inside_now -= 1
            if self.inside_now == 0:
                self._empty.set()

    async def drain(self, grace: float) -> None:
        """Take nobody in any more, and return once all have left or *grace* seconds are over."""
        self.draining = True
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._empty.wait()
