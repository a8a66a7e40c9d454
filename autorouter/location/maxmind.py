"""Where an address is, by the user's own City database in MaxMind's format."""

from dataclasses import dataclass
from pathlib import Path

from geoip2.database import Reader
from geoip2.errors import AddressNotFoundError
from geoip2.models import City
from maxminddb import InvalidDatabaseError

from autorouter.core.address import Address
from autorouter.core.countries import ALL
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
        """What the database says of *address*; None if it says nothing, or nothing that can be believed."""
        try:
            return _found(self._reader.city(address))
        except (AddressNotFoundError, InvalidDatabaseError, AttributeError, TypeError, ValueError):
            return None  # ValueError: an IPv6 address in an IPv4 database, among others

    def close(self) -> None:
        """Unmap the file."""
        self._reader.close()


def _found(record: City) -> Found:
    """What *record* says, as far as it makes sense."""
    code = record.country.iso_code
    country = Country(code) if code in ALL else None
    place, radius = record.location, record.location.accuracy_radius
    if place.latitude is None or place.longitude is None or (radius is not None and radius >= VAGUE):
        return Found(None, None, country)
    latitude, longitude = float(place.latitude), float(place.longitude)
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise ValueError(f"{latitude}, {longitude} is not on this globe")
    return Found(Coordinates(latitude, longitude), None if radius is None else Kilometres(float(radius)), country)
