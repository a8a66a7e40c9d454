"""The node's door: open, or closing until the last one inside has left, or has been turned out."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from node_agent.core.errors import Reason, Refusal, Refused
from node_agent.core.units import Seconds

COME_BACK = Seconds(2.0)
"""For a node that starts, mends itself or drains: by then the router has looked again and sends clients elsewhere."""

SHUTTING_DOWN = Refusal(Reason.DRAINING, COME_BACK, "the node is shutting down")


class Door:
    """Counts who is inside."""

    def __init__(self) -> None:
        self.draining = False
        self.inside_now = 0
        self._empty = asyncio.Event()
        self._empty.set()
        self._closed = False
        self._waits: dict[asyncio.Timeout, bool] = {}

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

    @asynccontextmanager
    async def waiting(self, *, begun: bool = True) -> AsyncIterator[None]:
        """Wait for something in the block. Raises `Refused` there when all are turned out.

        Who has not *begun* is already turned out when the node begins to drain: another can serve it sooner.
        """
        if self._closed:
            raise Refused(SHUTTING_DOWN)
        wait = asyncio.timeout(None)
        self._waits[wait] = begun
        try:
            async with wait:
                yield
        except TimeoutError as exc:
            if not wait.expired():
                raise  # a time-out of the waiter's own
            raise Refused(SHUTTING_DOWN) from exc
        finally:
            del self._waits[wait]

    def turn_out(self) -> None:
        """End every wait inside, so that each request can still say how it ended."""
        self._closed = True
        for wait in self._waits:
            wait.reschedule(0.0)

    def _turn_out_who_queues(self) -> None:
        for wait, begun in self._waits.items():
            if not begun:
                wait.reschedule(0.0)

    async def drain(self, grace: float) -> None:
        """Take nobody in any more, and return once all have left or *grace* seconds are over."""
        self.draining = True
        self._turn_out_who_queues()
        with suppress(TimeoutError):
            async with asyncio.timeout(grace):
                await self._empty.wait()
