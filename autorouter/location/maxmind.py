"""Where an address is, by the user's own City database in MaxMind's format."""

from dataclasses import dataclass
from pathlib import Path

from geoip2.database import Reader
from geoip2.errors import AddressNotFoundError
from maxminddb import InvalidDatabaseError

from autorouter.core.address import Address
from autorouter.core.names import Country
from autorouter.core.place import Coordinates
from autorouter.core.units import Kilometres

VAGUE = Kilometres(1000.0)
"""A radius from which a place is none: databases put thousands of addresses at the middle of their country."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a database says of an address."""

    at: Coordinates | None
    radius: Kilometres | None
    country: Country | None


class UnreadableDatabaseError(Exception):
    """The file is no City database."""


class MaxMind:
    """A City database, mapped into memory."""

    def __init__(self, path: Path) -> None:
        """Open *path*, or raise `UnreadableDatabaseError`."""
        try:
            self._reader = Reader(path)
            kind = self._reader.metadata().database_type
        except (OSError, InvalidDatabaseError) as exc:
            raise UnreadableDatabaseError(f"{path}: {exc}") from exc
        if "City" not in kind:
            raise UnreadableDatabaseError(f"{path}: found a database of type {kind!r}, expected a City database")

    def find(self, address: Address) -> Found | None:
        """What the database says of *address*; None if it says nothing, or nothing that can be read."""
        try:
            record = self._reader.city(address)
        except (AddressNotFoundError, InvalidDatabaseError, TypeError, UnicodeDecodeError):
            return None
        place, radius = record.location, record.location.accuracy_radius
        vague = place.latitude is None or place.longitude is None or (radius is not None and radius >= VAGUE)
        return Found(
            at=None if vague else Coordinates(float(place.latitude or 0.0), float(place.longitude or 0.0)),
            radius=None if radius is None or vague else Kilometres(float(radius)),
            country=Country(record.country.iso_code) if record.country.iso_code else None,
        )

    def close(self) -> None:
        """Unmap the file."""
        self._reader.close()
