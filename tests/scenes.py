"""Small words to build scenes with: a region, a node, a client, a question."""

from dataclasses import replace

from autorouter.core.assigned import Assigned
from autorouter.core.decide import Case, decide
from autorouter.core.fleet import (
    FleetSnapshot,
    Health,
    ModelLoad,
    Node,
    NodeView,
    Region,
    RegionView,
    Stage,
    Tier,
)
from autorouter.core.latency.atlas import Atlas
from autorouter.core.names import Country, ModelName, Network, NodeName, RegionName
from autorouter.core.place import Coordinates
from autorouter.core.policies import POLICIES
from autorouter.core.query import Client, RouteQuery
from autorouter.core.spill import Spill
from autorouter.core.units import Instant, Millis, Seconds

TORONTO = Coordinates(43.65, -79.38)
MONTREAL = Coordinates(45.50, -73.57)
VANCOUVER = Coordinates(49.28, -123.12)
NEW_YORK = Coordinates(40.71, -74.01)
LONDON = Coordinates(51.51, -0.13)

NOW = Instant(0.0)

MODEL = ModelName("smollm2")


def node(name, *, health=Health.UP, models=(MODEL,), slots=4, busy=0.0, queued=0.0, service=0.0, **more):
    endpoint, state = more.pop("endpoint", None), more.pop("state", "ready")
    loading = Millis(more.pop("loading", 0.0))
    load = ModelLoad(ModelName("m"), "1", state, slots, busy, queued, Millis(service), loading=loading)
    aliases = more.pop("aliases", {})
    held = {ModelName(m): replace(load, name=ModelName(m), aliases=aliases.get(m, ())) for m in models}
    return NodeView(Node(NodeName(name), f"http://{name}.agent", endpoint), health, held, **more)


def region(name, at=TORONTO, *, nodes=None, country="CA", tier=Tier.METRO, stage=Stage.ACTIVE, **more):
    of_region = {key: more.pop(key) for key in ("slots", "models", "aliases") if key in more and nodes is not None}
    views = tuple(nodes) if nodes is not None else (node(name, **more),)
    about = Region(
        name=RegionName(name),
        title=name.title(),
        at=at,
        country=Country(country),
        tier=tier,
        stage=stage,
        endpoint=f"https://api.{name}.example",
        nodes=tuple(view.node for view in views),
        **of_region,
    )
    return RegionView(about, views)


def client(at=TORONTO, country="CA", network="203.0.113.0/24", **more):
    return Client(
        Network(network), at, country=Country(country) if country else None, source="networks", named=True, **more
    )


def question(at=TORONTO, *, who=None, **query):
    return RouteQuery(who or client(at), **query)


def route(*views, at=TORONTO, who=None, policy="lowest-latency", revision=1, **query):
    fleet = FleetSnapshot(revision, Instant(0.0), views)
    asked = question(at, who=who, **query)
    case = Case(asked, POLICIES[policy], believed(asked.client, views), Spill(Assigned(NOW)), NOW)
    return decide(case, fleet, Seconds(60.0))


def believed(who, views):
    """What is believed of *who* before anything is measured."""
    atlas = Atlas([view.region for view in views])
    atlas.own = {view.region.name: view.rtt for view in views if view.rtt is not None}
    return atlas.belief(who, Instant(0.0))


def names(decision):
    return [candidate.view.region.name for candidate in decision.ranked]


def rules(decision):
    return {each.region: each.rule for each in decision.rejected}
