"""Eight regions and sixteen metros of North America, and what lies between them."""

from dataclasses import dataclass

from autorouter.core.fleet import Node, Region, Stage, Tier
from autorouter.core.latency.belief import Belief
from autorouter.core.latency.globe import Globe
from autorouter.core.latency.offsets import Offsets
from autorouter.core.latency.prior import Prior
from autorouter.core.latency.sample import Evidence, Track
from autorouter.core.names import Country, NodeName, RegionName
from autorouter.core.place import Coordinates, distance
from autorouter.core.query import Client
from autorouter.core.units import Instant, Millis

SLOTS = {"nyc": 100, "lax": 90, "chi": 80, "dal": 70, "atl": 70, "yto": 70, "yul": 60, "sea": 60}

PLACES = {
    "nyc": (40.71, -74.01), "lax": (34.05, -118.24), "chi": (41.88, -87.63), "dal": (32.78, -96.80),
    "atl": (33.75, -84.39), "yto": (43.65, -79.38), "yul": (45.50, -73.57), "sea": (47.61, -122.33),
    "hou": (29.76, -95.37), "was": (38.91, -77.04), "phl": (39.95, -75.17), "mia": (25.76, -80.19),
    "bos": (42.36, -71.06), "sfo": (37.77, -122.42), "den": (39.74, -104.99), "yvr": (49.28, -123.12),
    "cloud": (39.04, -77.49),
}  # fmt: skip

METROS = {
    "nyc": 19.5, "lax": 12.9, "chi": 9.3, "dal": 8.1, "hou": 7.5, "sfo": 6.5, "was": 6.3, "phl": 6.2,
    "atl": 6.3, "mia": 6.1, "yto": 6.4, "bos": 4.9, "yul": 4.3, "sea": 4.0, "den": 3.0, "yvr": 2.8,
}  # fmt: skip
"""Millions of people."""

LAST_MILE = 6.0
DETOUR = 1.4
FIBRE = 0.01
"""Milliseconds there and back per kilometre, in straight fibre."""


@dataclass(frozen=True)
class World:
    """Regions, and what a client of a metro takes to each region, in ms."""

    regions: tuple[Region, ...]
    rtts: dict[str, dict[str, float]]
    beliefs: dict[str, Belief]
    clients: dict[str, Client]
    """A client of each metro, without a network of its own."""


CLOUD = "cloud"
CLOUD_MS = 80.0
"""Farther than the edge."""


def world(liar: str | None = None, cloud: int = 0) -> World:
    """The world, in which region *liar* says that it is 1 ms from everyone, and *cloud* slots are far away."""
    slots = SLOTS | ({CLOUD: cloud} if cloud else {})
    regions = tuple(_region(name, each) for name, each in slots.items())
    rtts = {metro: {name: _rtt(metro, name) for name in slots} for metro in METROS}
    clients = {metro: Client(at=Coordinates(*PLACES[metro]), source="geoip-city") for metro in METROS}
    globe = Globe(regions)
    told = {metro: {name: 1.0 if name == liar else rtt for name, rtt in each.items()} for metro, each in rtts.items()}
    beliefs = {metro: _belief(clients[metro], globe, told[metro]) for metro in METROS}
    return World(regions, rtts, beliefs, clients)


def _rtt(metro: str, region: str) -> float:
    if region == CLOUD:
        return LAST_MILE + CLOUD_MS
    return LAST_MILE + DETOUR * FIBRE * distance(Coordinates(*PLACES[metro]), Coordinates(*PLACES[region]))


def _belief(client: Client, globe: Globe, rtts: dict[str, float]) -> Belief:
    """What is believed once every path was measured: the herd is the subject here, not the map."""
    tracks = {RegionName(name): Track((Millis(rtt),) * 5, 5, Instant(0.0), "served") for name, rtt in rtts.items()}
    return Belief(Prior(client, globe, Offsets(), {}), globe, Evidence(tracks), 1.0, Instant(0.0))


def _region(name: str, slots: int) -> Region:
    node = Node(NodeName(name), f"https://node.{name}.example")
    where, at = RegionName(name), Coordinates(*PLACES[name])
    tier, endpoint = Tier.CLOUD if name == CLOUD else Tier.METRO, f"https://{name}.example"
    return Region(where, name, at, Country("US"), tier, Stage.ACTIVE, endpoint, (node,), slots=slots)
