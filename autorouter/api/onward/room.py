"""How much is held of requests that are sent on, and how many are relayed at once: bounded, whoever comes."""

from collections.abc import Iterator
from contextlib import contextmanager

from autorouter.api.problems import ProblemError, refuse
from autorouter.wire.header import retry

MOST_RELAYED = 256
"""Requests at once: two connections and, if nobody reads, 200 KB each."""

MOST_HELD = 128 << 20
"""Bytes of bodies, all together."""

BUSY = retry(1.0, here=True)


class Share:
    """What one request holds."""

    def __init__(self, room: "Room") -> None:
        self._room = room
        self._size = 0

    def grow(self, size: int) -> None:
        """Hold *size* bytes more. Raises `ProblemError` if that is too much for all together."""
        if self._room.held + size > MOST_HELD:
            raise busy("it holds as many bytes of requests as it may")
        self._room.held += size
        self._size += size

    def leave(self) -> None:
        """Hold nothing any more."""
        self._room.held -= self._size
        self._size = 0


class Room:
    """For all of them."""

    def __init__(self) -> None:
        self.held = 0
        self.relayed = 0

    @contextmanager
    def share(self) -> Iterator[Share]:
        """Hold something for the length of the block."""
        share = Share(self)
        try:
            yield share
        finally:
            share.leave()

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Be relayed for the length of the block. Raises `ProblemError` if too many are."""
        if self.relayed >= MOST_RELAYED:
            raise busy(f"it relays {MOST_RELAYED} requests already; those that follow redirects are still served")
        self.relayed += 1
        try:
            yield
        finally:
            self.relayed -= 1


def busy(why: str) -> ProblemError:
    """The router itself has no room, to be raised."""
    problem = refuse("router_busy", f"the router has no room for this request now: {why}")
    problem.headers.update(BUSY)
    return problem
