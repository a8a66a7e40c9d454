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
from threading import Lock
from time import sleep
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from autorouter.core.errors import StoreError, UnsureError
from autorouter.core.holds import Entry, Known, roomy
from autorouter.core.trail import Note
from autorouter.core.units import Unix
from autorouter.reports import entry_of, note_of, record_of_entry, record_of_note
from autorouter.wire.hold import HoldRecord, NoteRecord

PATIENCE = 2.0
"""Seconds that the disk may take."""

AGAIN = 0.01
"""Seconds between two tries to get the lock."""

MOST_BYTES = 4 << 20
"""Of either file."""

MOST_HOLDS = 2000
"""Kept, with those that ended: of them those go that ended longest ago, to make room."""

_LIST = TypeAdapter(list[object])

Made = TypeVar("Made")


class Attempt:
    """One try to change a file. It begins or is given up, whichever comes first: neither is told wrongly."""

    def __init__(self) -> None:
        self._decided = Lock()

    @property
    def decided(self) -> bool:
        """Whether it began or was given up."""
        return self._decided.locked()

    def begin(self) -> None:
        """From here on it is done. Raises `StoreError` if it was given up."""
        if not self._decided.acquire(blocking=False):
            raise StoreError("given up")

    def failed(self, why: str) -> StoreError:
        """The error that *why* is: nothing was changed, for certain, unless it had begun. Gives it up."""
        return StoreError(why) if self._decided.acquire(blocking=False) else UnsureError(why)


class FileBoard:
    """Holds in *folder*, which is made when there is something to keep. *refused* is called for each that is none."""

    def __init__(self, folder: Path, clock: Callable[[], Unix], refused: Callable[[], None]) -> None:
        self._folder = folder
        self._now = clock
        self._path = folder / "holds.json"
        self._refused = refused

    async def read(self) -> Known:
        """Everything that is kept and makes sense."""
        return await _soon(lambda _: self._read())

    async def write(self, entry: Entry) -> Entry:
        """Keep *entry*, as the latest under its key."""

        def change(attempt: Attempt) -> Entry:
            with _locked(self._folder, attempt):
                there = self._read()
                before = there.get(entry.hold.key)
                latest = replace(entry, version=max(entry.version, 1 + (before.version if before else 0)))
                self._write({**there, entry.hold.key: latest}, attempt)
            return latest

        return await _soon(change)

    async def restore(self, entries: Sequence[Entry]) -> None:
        """Keep what is later than what is kept."""

        def change(attempt: Attempt) -> None:
            with _locked(self._folder, attempt):
                before = self._read()
                there = dict(before)
                for entry in entries:
                    if entry.hold.key not in there or there[entry.hold.key].version < entry.version:
                        there[entry.hold.key] = entry
                if roomy(there, self._now(), MOST_HOLDS) != before:
                    self._write(there, attempt)

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

    def _write(self, entries: Known, attempt: Attempt) -> None:
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
        attempt.begin()
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

        def append(attempt: Attempt) -> None:
            with _locked(self._folder, attempt):
                attempt.begin()
                if self._path.exists() and self._path.stat().st_size + len(line) > MOST_BYTES:
                    self._path.replace(self._before)
                file = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC, 0o600)
                with os.fdopen(file, "r+b", buffering=0) as opened:
                    opened.write(_begun(opened) + line)
                    os.fsync(file)

        await _soon(append)

    async def latest(self, most: int) -> Sequence[Note]:
        """The latest notes."""

        def read(_: Attempt) -> Sequence[Note]:
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


async def _soon(work: Callable[[Attempt], Made]) -> Made:
    """What *work* makes, in a thread; a disk that fails or hangs is an error."""
    attempt = Attempt()
    try:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.to_thread(work, attempt)
    except TimeoutError as exc:
        raise attempt.failed(f"the disk took more than {PATIENCE:g} s") from exc
    except OSError as exc:
        raise attempt.failed(f"{exc.filename or 'the disk'}: {exc.strerror or exc}") from exc


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
def _locked(folder: Path, attempt: Attempt) -> Iterator[None]:
    """One writer at a time, of all processes. Nobody waits for longer than the *attempt* lasts."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(folder / "holds.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        _wait(lock, folder, attempt)
        yield
    finally:
        os.close(lock)


def _wait(lock: int, folder: Path, attempt: Attempt) -> None:
    """Take the *lock*. Raises `StoreError` before anybody has lost patience with a thread that waits for it."""
    for _ in range(int(0.9 * PATIENCE / AGAIN)):
        if attempt.decided:
            break
        if _takes(lock):
            return
        sleep(AGAIN)
    raise StoreError(f"{folder / 'holds.lock'} is held by another process")


def _takes(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sync(folder: Path) -> None:
    """Bring the names of the files in *folder* to the disk."""
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
