"""The embedded databases from their sources, and how far they are from them."""

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from maxminddb import open_database

from autorouter.core.latency.law import typical_rtt
from autorouter.core.place import distance
from autorouter.core.units import Kilometres, Millis
from autorouter.location.derive.compare import compare_places, compare_systems
from autorouter.location.derive.fold import Announced, Family, Leaf, Range, fold, leaves
from autorouter.location.derive.sources import FAMILIES, Spot, spots, systems, version_of
from autorouter.location.derive.write import Writer, place_record, system_record

CITY_PRICE = {4: 200.0, 6: 100_000.0}
"""What a node of the tree may cost, in milliseconds of misjudged round trip times networks, by IP version.

A /16 that would be taken for a place 0.8 ms away gets its node, as does a /22 at 50 ms. IPv6 is handed out by the
million networks, of which few are used: a /32 at 1.5 ms, a /36 at 24.
"""

ASN_PRICE = 0.5
"""What a node may cost in networks that are said to be their neighbours': half of one, so /24 and /48 are exact.

At two, a third of the file is saved, 98.4 % of announced IPv4 addresses keep their system, and 1.1.1.1 does not.
"""

CITY = "DBIP-City-Lite"
ASN = "DBIP-ASN-Lite (compat=GeoLite2-ASN)"
"""As DB-IP calls its own: MaxMind's client goes by these names, and refuses an ASN database of any other."""

CITY_CREDIT = "IP Geolocation by DB-IP, https://db-ip.com, CC BY 4.0; simplified"
ASN_CREDIT = (
    "RouteViews, https://routeviews.org; NRO, https://nro.net; DB-IP, https://db-ip.com; CC BY 4.0; simplified"
)


@dataclass(frozen=True, slots=True)
class Sources:
    """Files to make databases from: City databases (.mmdb) and lists of systems (.csv), one per IP version."""

    city: Sequence[Path]
    asn: Sequence[Path]


def make(sources: Sources, into: Path) -> Iterator[str]:
    """Write city.mmdb and asn.mmdb *into* a folder; yields a line on each step as it is done."""
    cities, lists = ({version_of(path): path for path in paths} for paths in (sources.city, sources.asn))
    epoch = _epoch(sources.city[0])
    city, asn = Writer(CITY, CITY_CREDIT, epoch), Writer(ASN, ASN_CREDIT, epoch)
    families = [family for family in FAMILIES if family.version in cities.keys() & lists.keys()]
    parts = [(family, list(systems(lists[family.version]))) for family in families]
    for family, ranges in parts:
        announced = Announced(ranges, family.grain)
        asn.add(_fold_systems(ranges, family, announced), family.version, system_record)
        city.add(_fold_places(cities[family.version], family, announced), family.version, place_record)
        yield f"IPv{family.version}: read and folded"
    for writer, name in ((city, "city.mmdb"), (asn, "asn.mmdb")):
        writer.save(into / name)
        yield f"{name}: {(into / name).stat().st_size / 1e6:.2f} MB"
    for family, ranges in parts:
        yield compare_places(cities[family.version], into / "city.mmdb", ranges, family)
        yield compare_systems(into / "asn.mmdb", ranges, family)


def _fold_places(path: Path, family: Family, announced: Announced) -> Sequence[Leaf[Spot]]:
    return fold(leaves(spots(path), family, announced), family.bits, apart, CITY_PRICE[family.version])


def _fold_systems(ranges: Sequence[Range[int]], family: Family, announced: Announced) -> Sequence[Leaf[int]]:
    return fold(leaves(ranges, family, announced), family.bits, operator.ne, ASN_PRICE)


@lru_cache(1 << 18)
def apart(a: Spot, b: Spot) -> Millis:
    """What taking *a* for *b* misjudges a round trip by: the law of distance, over the distance between them."""
    return Millis(typical_rtt(distance(a.at, b.at)) - typical_rtt(Kilometres(0.0)))


def _epoch(path: Path) -> int:
    """When the database at *path* was made."""
    with open_database(path) as database:
        return database.metadata().build_epoch
