"""Holds and the admin trail in a folder, for routers without Redis: what was acknowledged is there after a kill.

``holds.json`` is replaced whole (written aside, brought to the disk, renamed) under a lock, so routers of one machine
that share the folder share their holds. ``trail.jsonl`` grows by a line an attempt; when it is long a new one is
begun, and the one before is kept. A file that cannot be read is an error, and never overwritten.
"""

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from io import FileIO
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from autorouter.core.errors import StoreError
from autorouter.core.holds import Entry, Known, roomy
from autorouter.core.trail import Note
from autorouter.core.units import Unix
from autorouter.reports import entry_of, note_of, record_of_entry, record_of_note
from autorouter.wire.hold import HoldRecord, NoteRecord

PATIENCE = 2.0
"""Seconds that the disk may take."""

MOST_BYTES = 4 << 20
"""Of either file."""

MOST_HOLDS = 2000
"""Kept, with those that ended: of them those go that ended longest ago, to make room."""

_LIST = TypeAdapter(list[object])

Made = TypeVar("Made")


class FileBoard:
    """Holds in *folder*, which is made when there is something to keep. *refused* is called for each that is none."""

    def __init__(self, folder: Path, clock: Callable[[], Unix], refused: Callable[[], None]) -> None:
        self._folder = folder
        self._now = clock
        self._path = folder / "holds.json"
        self._refused = refused

    async def read(self) -> Known:
        """Everything that is kept and makes sense."""
        return await _soon(self._read)

    async def write(self, entry: Entry) -> Entry:
        """Keep *entry*, as the latest under its key."""

        def change() -> Entry:
            with _locked(self._folder):
                there = self._read()
                before = there.get(entry.hold.key)
                latest = replace(entry, version=max(entry.version, 1 + (before.version if before else 0)))
                self._write({**there, entry.hold.key: latest})
            return latest

        return await _soon(change)

    async def restore(self, entries: Sequence[Entry]) -> None:
        """Keep what is later than what is kept."""

        def change() -> None:
            with _locked(self._folder):
                before = self._read()
                there = dict(before)
                for entry in entries:
                    if entry.hold.key not in there or there[entry.hold.key].version < entry.version:
                        there[entry.hold.key] = entry
                if roomy(there, self._now(), MOST_HOLDS) != before:
                    self._write(there)

        await _soon(change)

    async def close(self) -> None:
        """Nothing is held open."""

    def _read(self) -> Known:
        try:
            told = _LIST.validate_json(_at_most(self._path) or b"[]")
        except ValidationError as exc:
            raise StoreError(f"{self._path} is not what a router wrote: move it away to begin anew") from exc
        found = [each for each in map(self._entry, told) if each is not None]
        return {each.hold.key: each for each in found}

    def _entry(self, told: object) -> Entry | None:
        try:
            return entry_of(HoldRecord.model_validate(told))
        except ValidationError:
            self._refused()
            return None

    def _write(self, entries: Known) -> None:
        kept = roomy(entries, self._now(), MOST_HOLDS)
        if len(kept) > MOST_HOLDS:
            raise StoreError(f"{self._path} has {MOST_HOLDS} holds in force, and that is enough")
        records = ",\n ".join(record_of_entry(each).model_dump_json() for each in kept.values())
        told = f"[{records}]\n".encode()
        if len(told) > MOST_BYTES:
            raise StoreError(f"{self._path} would have more than {MOST_BYTES} bytes, and could not be read again")
        fresh = self._path.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
            file.write(told)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        _sync(self._folder)


class FileTrail:
    """The trail in *folder*. *refused* is called for each line that is no note."""

    def __init__(self, folder: Path, refused: Callable[[], None]) -> None:
        self._folder = folder
        self._path = folder / "trail.jsonl"
        self._before = folder / "trail.1.jsonl"
        self._refused = refused

    async def note(self, note: Note) -> None:
        """Keep *note*."""
        line = f"{record_of_note(note).model_dump_json()}\n".encode()

        def append() -> None:
            with _locked(self._folder):
                if self._path.exists() and self._path.stat().st_size + len(line) > MOST_BYTES:
                    self._path.replace(self._before)
                file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
                with os.fdopen(file, "r+b", buffering=0) as opened:
                    opened.write(_begun(opened) + line)
                    os.fsync(file)

        await _soon(append)

    async def latest(self, most: int) -> Sequence[Note]:
        """The latest notes."""

        def read() -> Sequence[Note]:
            lines = _at_most(self._before).splitlines() + _at_most(self._path).splitlines()
            notes = map(self._note, reversed(lines[-most:]))
            return [each for each in notes if each is not None]

        return await _soon(read)

    async def close(self) -> None:
        """Nothing is held open."""

    def _note(self, line: bytes) -> Note | None:
        try:
            return note_of(NoteRecord.model_validate_json(line))
        except ValidationError:
            self._refused()
            return None


async def _soon(work: Callable[[], Made]) -> Made:
    """What *work* makes, in a thread; a disk that fails or hangs is an error."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.to_thread(work)
    except TimeoutError as exc:
        raise StoreError(f"the disk took more than {PATIENCE:g} s") from exc
    except OSError as exc:
        raise StoreError(f"{exc.filename or 'the disk'}: {exc.strerror or exc}") from exc


def _at_most(path: Path) -> bytes:
    """All of the file; nothing if there is none."""
    try:
        with path.open("rb") as file:
            told = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return b""
    if len(told) > MOST_BYTES:
        raise StoreError(f"{path} has more than {MOST_BYTES} bytes")
    return told


def _begun(file: FileIO) -> bytes:
    """What has to come before a new line: what a writer that was killed left undone must not swallow it."""
    end = os.fstat(file.fileno()).st_size
    return b"" if not end or os.pread(file.fileno(), 1, end - 1) == b"\n" else b"\n"


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One writer at a time, of all processes."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(folder / "holds.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _sync(folder: Path) -> None:
    """Bring the names of the files in *folder* to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
