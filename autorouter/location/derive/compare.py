"""How far a folded database is from its source, over random addresses of those that are announced.

What was made is read with MaxMind's own client, ``geoip2``: what that can read, every program that reads GeoIP can.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address
from itertools import accumulate
from pathlib import Path
from random import Random
from statistics import quantiles

from geoip2.database import Reader
from geoip2.errors import AddressNotFoundError
from maxminddb import open_database

from autorouter.core.address import Address
from autorouter.core.place import distance
from autorouter.location.derive.fold import Family, Range
from autorouter.location.records import Found, place_in

SAMPLES = 20_000
ADDRESS_OF: Mapping[int, type[IPv4Address] | type[IPv6Address]] = {4: IPv4Address, 6: IPv6Address}


def compare_places(source: Path, made: Path, ranges: Sequence[Range[int]], family: Family) -> str:
    """A line about the places in *made*."""
    with open_database(source) as before, Reader(made) as after:
        asked = [address for address, _ in _sample(ranges, family)]
        pairs = [(place_in(before.get(address)), place_in(_city(after, address))) for address in asked]
    apart = sorted(_kilometres(was, now) for was, now in pairs if was.at is not None)
    same = sum(was.country == now.country for was, now in pairs)
    tenths = quantiles(apart, n=10)
    return (
        f"places, IPv{family.version}: {tenths[4]:.1f} km from the source at the median, {tenths[8]:.0f} km at p90, "
        f"{sum(apart) / len(apart):.0f} km on average; {same / len(pairs):.2%} in the same country"
    )


def compare_systems(made: Path, ranges: Sequence[Range[int]], family: Family) -> str:
    """A line about the autonomous systems in *made*."""
    with Reader(made) as after:
        same = sum(_system(after, address) == number for address, number in _sample(ranges, family))
    return f"autonomous systems, IPv{family.version}: {same / SAMPLES:.2%} as in the source"


def _city(database: Reader, address: Address) -> object:
    try:
        return database.city(address).to_dict()
    except AddressNotFoundError:
        return None


def _system(database: Reader, address: Address) -> int | None:
    try:
        return database.asn(address).autonomous_system_number
    except AddressNotFoundError:
        return None


def _sample(ranges: Sequence[Range[int]], family: Family) -> Iterator[tuple[Address, int]]:
    """Random addresses from *ranges*, each as likely as any other, with what is said of them; the same each time."""
    dice = Random(family.version)  # noqa: S311 - a sample, not a secret
    ends = list(accumulate(last - first + 1 for first, last, _ in ranges))
    for _ in range(SAMPLES):
        drawn = dice.randrange(ends[-1])
        _, last, number = ranges[at := bisect_right(ends, drawn)]
        yield ADDRESS_OF[family.version](last + 1 + drawn - ends[at]), number


def _kilometres(was: Found, now: Found) -> float:
    """The distance between two places; half the globe if one is none."""
    return distance(was.at, now.at) if was.at is not None and now.at is not None else 20_000.0
