"""How much sound the node holds in memory at once: of all requests together, and of each key.

A key may hold as much as it leaves free: half of the room if nobody else wants any, and never the last of it.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from node_agent.core.errors import Reason, Refusal, Refused
from node_agent.core.units import Seconds

MOST = 512 << 20
"""Bytes: bodies as they arrive, and samples until they are heard. Two hours of sound and their body are 257 MB."""

COME_BACK = Seconds(2.0)


class Share:
    """What one request of *caller* takes of it."""

    def __init__(self, room: "Room", caller: str) -> None:
        self._room = room
        self._caller = caller
        self.size = 0

    def grow(self, size: int) -> None:
        """Take *size* bytes more. Raises `Refused` if there is no room for them."""
        if self._room.held[self._caller] + size > self._room.most - self._room.taken - size:
            detail = "the node holds as much audio as it can, of this key or of all"
            raise Refused(Refusal(Reason.FULL, COME_BACK, detail))
        self._take(size)

    def shrink(self, size: int) -> None:
        """Give *size* bytes back."""
        self._take(-size)

    def _take(self, size: int) -> None:
        self._room.taken += size
        self._room.held[self._caller] += size
        self.size += size


class Room:
    """Counts bytes; *most* is all there is."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.taken = 0
        self.held = Counter[str]()
        """The same by key."""

    @contextmanager
    def share(self, caller: str) -> Iterator[Share]:
        """A share that is given back with the block."""
        share = Share(self, caller)
        try:
            yield share
        finally:
            share.shrink(share.size)
            self.held += Counter()  # who holds nothing is forgotten
