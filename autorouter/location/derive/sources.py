"""The sources of the embedded databases, as sorted ranges of addresses."""

import csv
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from maxminddb import open_database

from autorouter.core.names import Country
from autorouter.core.place import Coordinates
from autorouter.location.derive.fold import Family, Range
from autorouter.location.records import place_in

FAMILIES = (
    Family(4, 32, 0, (1 << 32) - 1, 1 << 8),
    Family(6, 128, 0x2000 << 112, (0x4000 << 112) - 1, 1 << 80),
)
"""IPv4 whole, and of IPv6 the eighth that is handed out; weighed by /24 and /48, as clients are told apart."""

STEP = 0.1
"""Degrees that coordinates are rounded to: 4 km at the median, and it leaves 20,000 places of 560,000."""


class Spot(NamedTuple):
    """A place, rounded."""

    country: Country
    latitude: float
    longitude: float

    @property
    def at(self) -> Coordinates:
        """Where it is."""
        return Coordinates(self.latitude, self.longitude)


def spots(path: Path) -> Iterator[Range[Spot]]:
    """The places of a City database."""
    with open_database(path) as database:
        for network, record in database:
            if (spot := spot_in(record)) is not None:
                yield Range(int(network.network_address), int(network.broadcast_address), spot)


def spot_in(record: object) -> Spot | None:
    """The place that *record* names; None if it names none."""
    found = place_in(record)
    if found.at is None or found.country is None:
        return None
    return Spot(found.country, _rounded(found.at.latitude), _rounded(found.at.longitude))


def systems(path: Path) -> Iterator[Range[int]]:
    """The autonomous systems of a CSV file: first address, last address, number, and whatever else."""
    with path.open(encoding="utf-8", newline="") as lines:
        for first, last, number, *_ in csv.reader(lines):
            yield Range(int(ip_address(first)), int(ip_address(last)), int(number))


def version_of(path: Path) -> int:
    """The version of IP that *path* is about."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as lines:
            return ip_address(next(csv.reader(lines))[0]).version
    with open_database(path) as database:
        return database.metadata().ip_version


def _rounded(degrees: float) -> float:
    return round(round(degrees / STEP) * STEP, 1)
