"""The two databases in use, and the files they came from, which are read again when they change."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NoReturn

from autorouter.core.address import Address
from autorouter.core.units import Seconds
from autorouter.location.maxmind import Database, UnreadableDatabaseError
from autorouter.location.records import Found, asn_in, place_in

DATA = Path(__file__).with_name("data")
"""The embedded ones, and under which licence."""

EVERY = Seconds(2.0)
"""Between looks at a file's size and time. A file that changes is read once it has been still for one of them."""

Kind = Literal["city", "asn"]
Stamp = tuple[int, ...]


class Followed:
    """What could last be read of a file."""

    def __init__(self, path: Path, kind: Kind) -> None:
        """Open *path*, or raise `UnreadableDatabaseError`."""
        self._path, self.kind = path, kind
        self._read: Stamp | None = _stamp(path)
        self._seen = self._read
        self.database = Database(path, kind)

    def refresh(self) -> str | None:
        """Read the file again if it has changed and is still: what is wrong with it, or None if nothing was read.

        A database that is replaced ends with its last user, which may be in another thread.
        """
        before, self._seen = self._seen, _stamp(self._path)
        if self._seen == self._read or self._seen != before:
            return None
        self._read = self._seen
        try:
            self.database = Database(self._path, self.kind)
        except UnreadableDatabaseError as exc:
            return str(exc)
        return ""

    def forget(self) -> None:
        """Take the file for changed, whatever it looks like."""
        self._read = ()


class Databases:
    """Where an address is, and whose. The user's own files, or the embedded ones."""

    def __init__(self, city: Path | None = None, asn: Path | None = None) -> None:
        """Open both, or raise `UnreadableDatabaseError`."""
        self._city = Followed(city or DATA / "city.mmdb", "city")
        self._asn = Followed(asn or DATA / "asn.mmdb", "asn")

    def find(self, address: Address) -> Found:
        """Where *address* is."""
        return place_in(self._city.database.get(address))

    def asn(self, address: Address) -> int | None:
        """The autonomous system that announces *address*."""
        return asn_in(self._asn.database.get(address))

    def forget(self) -> None:
        """Read both files again at the next look."""
        self._city.forget()
        self._asn.forget()

    async def follow(self, told: Callable[[Kind, str], None]) -> NoReturn:
        """Keep up with both files, and tell which was read and what was wrong with it.

        In a thread: reading one takes long enough for requests to notice.
        """
        while True:
            await asyncio.sleep(EVERY)
            for each in (self._city, self._asn):
                if (fault := await asyncio.to_thread(each.refresh)) is not None:
                    told(each.kind, fault)


def _stamp(path: Path) -> Stamp | None:
    """What changes when *path* does; None while nothing can be seen there."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns
