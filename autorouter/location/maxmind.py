"""One GeoIP database in MaxMind's format (.mmdb), read by its C reader."""

import os
from pathlib import Path
from shutil import copyfileobj

from maxminddb import InvalidDatabaseError, Reader, open_database

from autorouter.core.address import Address


class UnreadableDatabaseError(Exception):
    """The file is no database of the kind that is expected."""


class Database:
    """A database as its file was when this was made."""

    def __init__(self, path: Path, kind: str) -> None:
        """Open *path*, whose type must name *kind*, or raise `UnreadableDatabaseError`."""
        try:
            self._reader = _open_a_copy(path)
            about = self._reader.metadata()
        except OSError as exc:
            raise UnreadableDatabaseError(f"{path}: {exc.strerror or exc}") from exc
        except (InvalidDatabaseError, ValueError) as exc:
            raise UnreadableDatabaseError(f"{path}: found no MaxMind database (.mmdb), expected one") from exc
        named = str(about.database_type)
        self.built = int(about.build_epoch)
        """Unix seconds."""
        if kind.lower() not in named.lower():
            raise UnreadableDatabaseError(
                f"{path}: found a database of type {named!r}, expected one of type {kind!r}"
            )

    def get(self, address: Address) -> object:
        """The record of *address*; None if there is none, or none that can be read."""
        try:
            return self._reader.get(address)
        except (InvalidDatabaseError, ValueError):
            return None  # ValueError: an IPv6 address in an IPv4 database; text that is no UTF-8


def _open_a_copy(path: Path) -> Reader:
    """A reader of what *path* holds now, mapped from memory that no other process can reach.

    The C reader maps its file, and a file that somebody cuts short in place while it is mapped ends the process
    (SIGBUS) at the next look-up. The readers that need no map are Python, and ten times slower.
    """
    copy = os.memfd_create(path.name[:64])
    try:
        with path.open("rb") as source, os.fdopen(copy, "wb", closefd=False) as sink:
            copyfileobj(source, sink, 1 << 20)
        return open_database(f"/proc/self/fd/{copy}")
    finally:
        os.close(copy)
