"""What was used, written down: one line a request, so that a node that is killed forgets nothing that it has told.

A line is a sum to be added; a base is the sums of everything before it, in the same lines. The highest base and the
logs from its number on are the whole truth at any moment, whatever was interrupted:

    000003.base   all up to log 3, not in it      (written aside, then renamed)
    000003.log    since then

The kernel has each line at once, so that it outlives this process; the disk has it within a second or so, which is
what a power cut can cost.
"""

import fcntl
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from threading import Lock

import structlog

from node_agent.core.errors import ConfigError
from node_agent.core.usage import NanoDollars, Place, Row, Sums
from node_agent.runtime import aside

NO_FILE = -1

_log = structlog.get_logger()


class Journal:
    """In *folder*, which it has for itself. Raises `ConfigError` if it cannot be had."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._number = max(self._numbers("base") + self._numbers("log"), default=0)
            self._log = self._opened(self._number)
        except BlockingIOError as exc:
            raise ConfigError(f"--state {folder}: another agent uses it") from exc
        except OSError as exc:
            raise ConfigError(f"--state {folder}: {exc.strerror}") from exc
        self._writing = Lock()
        self._lost = False
        """Something since the latest turn."""
        self.lines = 0
        """Since the base."""
        self.is_behind = False
        """Something could not be written: only a new base makes it whole."""

    def read(self) -> Iterator[Row]:
        """Everything that is written down."""
        base = max(self._numbers("base"), default=0)
        logs = [number for number in self._numbers("log") if number >= base]
        for name in (f"{base:06}.base", *(f"{number:06}.log" for number in logs)):
            if (self._folder / name).exists():
                yield from self._rows(self._folder / name)

    def append(self, row: Row) -> None:
        """Write *row* down; never fails and does not wait for the disk."""
        line = _line(row)
        try:
            whole = os.write(self._log, line) == len(line)
        except OSError as exc:
            self.fall_behind(exc.strerror or "")
            return
        if not whole:
            self.fall_behind("no room")
        self.lines += 1

    def turn(self) -> int:
        """Begin a new log, and return its number: what is in it comes after the base of that number."""
        before, self._log = self._log, self._opened(self._number + 1)
        os.close(before)
        self._number += 1
        self.lines = 0
        self._lost = False
        return self._number

    def write_base(self, number: int, rows: Iterable[Row]) -> None:
        """Make a base of *rows*, the sums of all before log *number*; what is older goes. May take its time."""
        with self._writing:
            if self._log == NO_FILE:
                return  # the folder may be another's by now
            aside.write(self._folder / f"{number:06}.base", map(_line, rows))
            self._sync_folder()
            for kind in ("base", "log"):
                for older in self._numbers(kind):
                    if older < number:
                        (self._folder / f"{older:06}.{kind}").unlink(missing_ok=True)

    def fall_behind(self, reason: str) -> None:
        """Something could not be written; a line is logged for the first."""
        if not self.is_behind:
            _log.error(
                "usage_not_written", reason=reason, meaning="it is kept in memory, and written when that can be"
            )
        self.is_behind = self._lost = True

    def catch_up(self) -> None:
        """The base of the latest turn is written: that makes all whole but what was lost since."""
        if self.is_behind and not self._lost:
            self.is_behind = False
            _log.info("usage_written")

    def sync(self) -> None:
        """Bring what is written to the disk. May take its time."""
        with self._writing:
            os.fsync(self._log)

    def close(self) -> None:
        """Let go of the folder once nothing is being written; what is appended from now on is not written."""
        with self._writing:
            os.close(self._log)
            self._log = NO_FILE
            os.close(self._lock)

    def _opened(self, number: int) -> int:
        """That log. What its last writer could not finish must not swallow our first line."""
        path = self._folder / f"{number:06}.log"
        log = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC, 0o600)
        if path.stat().st_size:
            os.write(log, b"\n")
        return log

    def _numbers(self, kind: str) -> list[int]:
        return sorted(int(path.stem) for path in self._folder.glob(f"*.{kind}") if path.stem.isdigit())

    def _rows(self, path: Path) -> Iterator[Row]:
        broken = 0
        for line in path.read_bytes().split(b"\n"):
            row = _row(line)
            broken += bool(line) and row is None
            if row is not None:
                yield row
        if broken:
            _log.warning("usage_lines_broken", file=path.name, lines=broken)

    def _sync_folder(self) -> None:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _line(row: Row) -> bytes:
    sums = row.sums
    figures = (sums.requests, sums.prompt, sums.answer, sums.heard, sums.characters, sums.took, sums.cost)
    return json.dumps([row.change, *row.place, *figures], separators=(",", ":")).encode() + b"\n"


def _row(line: bytes) -> Row | None:
    """What *line* says; None of one that was cut: no part of an array is an array."""
    try:
        change, start, region, key, model, *figures = json.loads(line)
        return Row(Place(start, region, key, model), _sums(figures), change)
    except (ValueError, TypeError):
        return None


def _sums(figures: Sequence[int]) -> Sums:
    requests, prompt, answer, heard, characters, took, cost = figures
    return Sums(requests, prompt, answer, heard, characters, took, NanoDollars(cost))
