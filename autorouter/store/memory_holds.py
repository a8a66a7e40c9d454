"""Holds and the admin trail within one process: for tests, and for what several routers in one test share."""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from autorouter.core.holds import Entry, HoldKey, Known
from autorouter.core.trail import Note
from autorouter.reports import note_of, record_of_note

MOST_NOTES = 10_000


class MemoryBoard:
    """Keeps holds as long as *kept* lives."""

    def __init__(self, kept: dict[HoldKey, Entry]) -> None:
        self._kept = kept

    async def read(self) -> Known:
        """Everything that is kept."""
        return dict(self._kept)

    async def write(self, entry: Entry) -> Entry:
        """Keep *entry*, as the latest."""
        there = self._kept.get(entry.hold.key)
        latest = replace(entry, version=max(entry.version, 1 + (there.version if there else 0)))
        self._kept[entry.hold.key] = latest
        return latest

    async def restore(self, entries: Sequence[Entry]) -> None:
        """Keep what is later than what is kept."""
        for entry in entries:
            there = self._kept.get(entry.hold.key)
            if there is None or there.version < entry.version:
                self._kept[entry.hold.key] = entry

    async def close(self) -> None:
        """Nothing to let go of."""


class MemoryTrail:
    """Keeps the latest notes."""

    def __init__(self) -> None:
        self._notes: deque[Note] = deque(maxlen=MOST_NOTES)

    async def note(self, note: Note) -> None:
        """Keep *note*."""
        self._notes.appendleft(note_of(record_of_note(note)))

    async def latest(self, most: int) -> Sequence[Note]:
        """The latest notes."""
        return list(self._notes)[:most]

    async def close(self) -> None:
        """Nothing to let go of."""
