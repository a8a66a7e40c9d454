"""How much sound the node holds in memory at once, of all requests together."""

from collections.abc import Iterator
from contextlib import contextmanager

from node_agent.core.errors import Reason, Refusal, Refused
from node_agent.core.units import Seconds

MOST = 512 << 20
"""Bytes: bodies as they arrive, and samples until they are heard. Two hours of sound are 230 MB."""

COME_BACK = Seconds(2.0)


class Share:
    """What one request takes of it."""

    def __init__(self, room: "Room") -> None:
        self._room = room
        self.size = 0

    def grow(self, size: int) -> None:
        """Take *size* bytes more. Raises `Refused` if there is no room."""
        if self._room.taken + size > self._room.most:
            raise Refused(Refusal(Reason.FULL, COME_BACK, "the node holds as much audio as it can"))
        self._room.taken += size
        self.size += size

    def shrink(self, size: int) -> None:
        """Give *size* bytes back."""
        self._room.taken -= size
        self.size -= size


class Room:
    """Counts bytes; *most* is all there is."""

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self.taken = 0

    @contextmanager
    def share(self) -> Iterator[Share]:
        """A share that is given back with the block."""
        share = Share(self)
        try:
            yield share
        finally:
            share.shrink(share.size)
