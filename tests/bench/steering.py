"""How well clients are steered, on real round trips: ``python -m tests.bench.steering --help``.

The router's own `Router` and `Atlas` decide; here is only the world around them: which regions there are, what a
measurement gives, what it costs to be wrong. Regret is the round trip of the region that was chosen less that of the
best.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from random import Random
from statistics import fmean

from autorouter.core.assigned import Assigned
from autorouter.core.catalog import Catalog
from autorouter.core.fleet import FleetSnapshot, Health, ModelLoad, Node, NodeView, Region, RegionView, Stage, Tier
from autorouter.core.latency.atlas import Atlas
from autorouter.core.latency.judge import refusal
from autorouter.core.latency.sample import Sample
from autorouter.core.names import Country, ModelName, Network, NodeName, RegionName
from autorouter.core.place import distance
from autorouter.core.query import Client, RouteQuery, Scope
from autorouter.core.spill import Spill
from autorouter.core.units import Instant, Millis
from autorouter.runtime.router import Router
from autorouter.runtime.snapshots import Snapshots
from node_agent.core.networks import Network as NodesNetwork
from node_agent.core.rtts import Rtts, Via
from node_agent.core.units import Instant as NodesInstant
from node_agent.core.units import Millis as NodesMillis
from tests.bench.world import AZURE, Host, World, mislocated, read

REQUESTS = (1, 2, 3, 5)
"""Which of a client's requests are scored."""

BETWEEN = 60.0
"""Seconds between two requests of one client: the lease."""

FOLDS = 10
"""Parts of the clients, each scored by a router that was warmed by all the others."""

DAY = 86_400.0
ASKS_A_DAY = 144
"""Requests of one client by which moves are counted, once it has been measured."""

Regrets = dict[int, list[float]]
"""By request: each client's regret."""


@dataclass
class Fleet:
    """The regions of one run, always up."""

    world: World
    ids: Sequence[str]
    now: Instant = Instant(0.0)
    regions: tuple[Region, ...] = field(init=False)
    nodes: Mapping[str, Rtts] = field(init=False)
    """What each region's node has measured of clients."""

    def __post_init__(self) -> None:
        """Make the regions and their nodes."""
        self.regions = tuple(_region(self.world.by_id[id_]) for id_ in self.ids)
        self.nodes = {id_: Rtts() for id_ in self.ids}

    def measured(self, network: str, region: str, via: Via, rtt: float) -> Sample:
        """What *region*'s node tells of *network*, once it has measured *rtt* too."""
        node = self.nodes[region]
        node.note(NodesNetwork(network), via, NodesMillis(rtt), NodesInstant(self.now))
        told = next(reversed(list(node)))
        return Sample(
            Network(network), RegionName(region), Millis(told.median), len(told.latest), self.now, via.value
        )

    def router(self) -> tuple[Router, Atlas]:
        """A router that knows nothing yet."""
        fleet = FleetSnapshot(1, self.now, tuple(map(_up, self.regions)))
        atlas = Atlas(self.regions)
        spill = Spill(Assigned(self.now))
        return Router(Snapshots(Catalog(self.regions), fleet), atlas, spill, lambda: self.now), atlas


@dataclass(frozen=True)
class Visitor:
    """A client as the router sees it, and what is true of it."""

    client: Client
    rtts: Mapping[str, float]
    """Its round trip to every region that it was ever measured to."""

    @property
    def best(self) -> float:
        """The least."""
        return min(self.rtts.values())


def visitors(world: World, ids: Sequence[str], dice: Random) -> list[Visitor]:
    """Everyone who is not a region and was measured to at least two."""
    found = []
    for number, host in enumerate(each for each in world.hosts if each.id not in set(ids)):
        rtts = {id_: rtt for id_ in ids if (rtt := world.path(host.id, id_)) is not None}
        if len(rtts) > 1:
            found.append(Visitor(_client(world, host, number, dice), rtts))
    return found


def autorouter(
    world: World, ids: Sequence[str], everyone: Sequence[Visitor], dice: Random, *, warm: bool
) -> tuple[Regrets, float]:
    """Regrets of the router by request, and its moves per network and day."""
    regrets: Regrets = {request: [] for request in REQUESTS}
    moves = []
    for fold in range(FOLDS):
        scored, others = everyone[fold::FOLDS], [each for i, each in enumerate(everyone) if i % FOLDS != fold]
        fleet = Fleet(world, ids)
        known = fleet.router()
        for _ in range(max(REQUESTS) if warm else 0):
            for other in others:
                visit(fleet, *known, other, dice)
            fleet.now = Instant(fleet.now + BETWEEN)
        for one in scored:
            router, atlas = known if warm else fleet.router()
            for request in range(1, max(REQUESTS) + 1):
                chosen = visit(fleet, router, atlas, one, dice)
                if request in regrets:
                    regrets[request].append(one.rtts[chosen] - one.best)
                fleet.now = Instant(fleet.now + BETWEEN)
            moves.append(moves_in_a_day(fleet, router, atlas, one, dice))
    return regrets, fmean(moves)


def visit(fleet: Fleet, router: Router, atlas: Atlas, one: Visitor, dice: Random) -> str:
    """One request of a client: it is sent somewhere, measured there, and by the region that the answer asks for."""
    elsewhere = frozenset(RegionName(id_) for id_ in fleet.ids if id_ not in one.rtts)
    decision = router.route(RouteQuery(one.client, scope=Scope.GLOBAL, exclude=elsewhere))
    assert decision.chosen is not None
    probe, chosen = decision.probe, decision.chosen.view.region.name
    for region, via in ((chosen, Via.SERVED), *([(probe.region, Via.PROBE)] if probe else [])):
        rtt = max(0.1, one.rtts[region] + dice.choice(fleet.world.noise))
        assert one.client.network is not None
        sample = fleet.measured(one.client.network, region, via, rtt)
        if refusal(sample, one.client, atlas.globe) is None:
            atlas.learn(sample, one.client)
    atlas.refresh()
    return chosen


def moves_in_a_day(fleet: Fleet, router: Router, atlas: Atlas, one: Visitor, dice: Random) -> int:
    """How often a client that was measured already is sent somewhere else, though no path changes."""
    began, moves, last = fleet.now, 0, None
    for _ in range(ASKS_A_DAY):
        chosen = visit(fleet, router, atlas, one, dice)
        moves += last not in (None, chosen)
        last = chosen
        fleet.now = Instant(fleet.now + DAY / ASKS_A_DAY)
    fleet.now = began
    return moves


def nearest(fleet: Fleet, one: Visitor) -> list[str]:
    """What every redirector does: regions by distance from where the database has the client."""
    assert one.client.at is not None
    at = one.client.at
    return sorted(one.rtts, key=lambda id_: distance(at, fleet.world.by_id[id_].at))


def fastest_of_three(fleet: Fleet, one: Visitor, dice: Random) -> str:
    """The three nearest, one ping each."""
    return min(nearest(fleet, one)[:3], key=lambda id_: one.rtts[id_] + dice.choice(fleet.world.noise))


def score(regrets: Sequence[float], of_nearest: Sequence[float]) -> dict[str, float]:
    """The figures of one request; worse and better than nearest are by more than 5 ms."""
    ordered, count = sorted(regrets), len(regrets)
    pairs = list(zip(regrets, of_nearest, strict=True))
    return {
        "mean": round(fmean(regrets), 3),
        "p50": round(ordered[count // 2], 3),
        "p95": round(ordered[min(count - 1, int(0.95 * count))], 3),
        "best": _percent(regret <= 0 for regret in regrets),
        "within5": _percent(regret <= 5 for regret in regrets),
        "within10": _percent(regret <= 10 for regret in regrets),
        "worse5": _percent(ours > theirs + 5 for ours, theirs in pairs),
        "better5": _percent(ours < theirs - 5 for ours, theirs in pairs),
    }


def run(world: World, ids: Sequence[str], seed: int, *, warm: bool) -> dict[str, object]:
    """Every method on the same clients, regions and errors."""
    everyone = visitors(world, ids, Random(seed))
    Random(seed).shuffle(everyone)
    fleet = Fleet(world, ids)
    regrets, moves = autorouter(world, ids, everyone, Random(seed), warm=warm)
    in_order = [one for fold in range(FOLDS) for one in everyone[fold::FOLDS]]
    theirs = [one.rtts[nearest(fleet, one)[0]] - one.best for one in in_order]
    dice = Random(seed)
    pinged = [one.rtts[fastest_of_three(fleet, one, dice)] - one.best for one in in_order]
    still = {"nearest": theirs, "measured-min": pinged, "oracle": [0.0] * len(in_order)}
    told: dict[str, object] = {
        name: {"requests": {str(n): score(found, theirs) for n in REQUESTS}, "moves_per_day": 0.0}
        for name, found in still.items()
    }
    ours = {str(n): score(found, theirs) for n, found in regrets.items()}
    return told | {"autorouter": {"requests": ours, "moves_per_day": round(moves, 4)}}


def spread_out(world: World, count: int, dice: Random) -> list[str]:
    """*count* hosts as an operator would choose regions: each time the farthest of a few."""
    chosen = [dice.choice(world.hosts)]
    while len(chosen) < min(count, len(world.hosts)):
        left = [host for host in world.hosts if host not in chosen]
        few = dice.sample(left, min(8, len(left)))
        chosen.append(max(few, key=lambda host: min(distance(host.at, each.at) for each in chosen)))
    return [host.id for host in chosen]


def main() -> None:
    """Score, and say so."""
    asked = _arguments()
    try:
        world = read(asked.rtt, asked.hosts, asked.noise, asked.geo_error)
    except (OSError, KeyError, ValueError) as exc:
        sys.exit(f"cannot read the world: {type(exc).__name__}: {exc}")
    ids = asked.regions.split(",") if asked.regions else spread_out(world, asked.count, Random(asked.seed))
    if missing := [id_ for id_ in ids if id_ not in world.by_id]:
        sys.exit(f"--regions: {', '.join(missing)} not in {asked.hosts}")
    if len(visitors(world, ids, Random(asked.seed))) < FOLDS:
        sys.exit(f"expected at least {FOLDS} clients that are measured to two regions or more")
    told = run(world, ids, asked.seed, warm=not asked.day0)
    if asked.json:
        json.dump(told, sys.stdout)
        return
    print("\n".join(_lines(told)))


def _lines(told: Mapping[str, object]) -> Iterator[str]:
    columns = ("mean", "p50", "p95", "best", "≤5 ms", "≤10 ms", "worse", "better")
    yield f"{'method':14}{'request':>8}" + "".join(f"{name:>8}" for name in columns)
    for method, figures in told.items():
        assert isinstance(figures, dict)
        for request, found in figures["requests"].items():
            if method == "autorouter" or request == "1":
                yield f"{method:14}{request:>8}" + "".join(f"{figure:8.2f}" for figure in found.values())
    ours = told["autorouter"]
    assert isinstance(ours, dict)
    yield f"moves per network and day: {ours['moves_per_day']}"


def _percent(those: Iterator[bool]) -> float:
    return round(100 * fmean(those), 2)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.steering", description=__doc__)
    parser.add_argument("--rtt", type=Path, default=AZURE[0], help="src,dst,min in ms; CSV or CSV.gz")
    parser.add_argument("--hosts", type=Path, default=AZURE[1], help="id,country,latitude,longitude[,asn]")
    parser.add_argument("--regions", help="ids of hosts, with commas; else --count that are spread out")
    parser.add_argument("--count", type=int, default=12, help="how many that is")
    parser.add_argument("--noise", type=Path, help="probe,r1[,r2,r3] in ms; else synthetic")
    parser.add_argument("--geo-error", type=Path, help="km; else synthetic")
    parser.add_argument("--seed", type=int, default=1)
    phase = parser.add_mutually_exclusive_group()
    phase.add_argument("--warm", action="store_true", help="other clients were measured before (the default)")
    phase.add_argument("--day0", action="store_true", help="nothing was ever measured")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _region(host: Host) -> Region:
    name = RegionName(host.id)
    node = Node(NodeName(host.id), "http://node.example")
    country = Country(host.country or "ZZ")
    return Region(name, name, host.at, country, Tier.METRO, Stage.ACTIVE, f"https://{name}.example", (node,))


def _up(region: Region) -> RegionView:
    load = ModelLoad(ModelName("m"), "1", "ready", 1000, 0.0, 0.0, Millis(100.0))
    return RegionView(region, (NodeView(region.nodes[0], Health.UP, {load.name: load}),))


def _client(world: World, host: Host, number: int, dice: Random) -> Client:
    network = Network(str(ip_network((0x14000000 + number * 256, 24))))
    country = Country(host.country) if host.country else None
    return Client(network, mislocated(world, host, dice), country=country, asn=host.asn, source="geoip-city")


if __name__ == "__main__":
    main()
