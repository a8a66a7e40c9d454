"""Who sends a client where: this router's own code, and what others do, on the same reports."""

from random import Random
from typing import NamedTuple

from autorouter.core.assigned import Assigned
from autorouter.core.decide import Case, decide
from autorouter.core.erlang import wait
from autorouter.core.fleet import FleetSnapshot, Health, RegionView
from autorouter.core.lease import longest
from autorouter.core.names import ModelName, Network, RegionName, RouterName
from autorouter.core.policies import POLICIES
from autorouter.core.query import Client, RouteQuery, Scope
from autorouter.core.spill import Spill
from autorouter.core.units import Instant, Seconds
from tests.bench.herd.world import World

MODEL = ModelName("m")


class Ask(NamedTuple):
    """One question of a client."""

    fleet: FleetSnapshot
    metro: str
    who: int
    previous: str | None
    exclude: frozenset[str]
    weight: int
    now: float


class Answer:
    """Where to go and for how long; nowhere for a client that is turned away."""

    __slots__ = ("region", "ttl")

    def __init__(self, region: str | None, ttl: float) -> None:
        self.region, self.ttl = region, ttl


class Counted:
    """The router's own code: its decision, its books, its exchange of books."""

    def __init__(self, world: World, ttl: float, routers: int, dice: Random) -> None:
        self._world, self._ttl, self._dice, self._routers = world, Seconds(ttl), dice, routers
        self.wipe(0.0)

    def wipe(self, now: float) -> None:
        """Forget what was promised."""
        self._spills = [Spill(Assigned(Instant(now))) for _ in range(self._routers)]

    def share(self) -> None:
        """Let routers show each other their books."""
        books = [spill.assigned.own.copy() for spill in self._spills]
        for mine, spill in enumerate(self._spills):
            others = {RouterName(str(nth)): book for nth, book in enumerate(books) if nth != mine}
            spill.assigned.hear(others, len(others))

    def ask(self, asked: Ask) -> Answer:
        """Where the client should go."""
        spill = self._spills[self._dice.randrange(self._routers)] if self._routers > 1 else self._spills[0]
        query, at = self._query(asked), Instant(asked.now)
        spill.see(asked.fleet, longest(self._ttl), at)
        ended = query.previous is not None and spill.leave(asked.fleet.by_name[query.previous], query, at)
        case = Case(query, POLICIES["lowest-latency"], self._world.beliefs[asked.metro], spill, at)
        decision = decide(case, asked.fleet, self._ttl)
        if decision.chosen is None:
            return Answer(None, decision.ttl)
        name = decision.chosen.view.region.name
        again = name == query.previous and not ended
        spill.enter(name, decision.chosen.placement, query, Instant(at + decision.ttl), again=again)
        return Answer(name, decision.ttl)

    def _query(self, asked: Ask) -> RouteQuery:
        client = Client(Network(str(asked.who)), self._world.clients[asked.metro].at, source="geoip-city")
        return RouteQuery(
            client,
            frozenset({MODEL}),
            Scope.GLOBAL,
            exclude=frozenset(map(RegionName, asked.exclude)),
            previous=RegionName(asked.previous) if asked.previous else None,
            concurrency=asked.weight,
        )


class Reported:
    """What routers do that go by reports alone: the least *price* among those that are up."""

    def __init__(self, world: World, ttl: float, _routers: int, dice: Random) -> None:
        self._world, self._ttl, self._dice = world, ttl, dice

    def wipe(self, now: float) -> None:
        """There is nothing to forget."""

    def share(self) -> None:
        """There is nothing to share."""

    def ask(self, asked: Ask) -> Answer:
        """Where a client of its metro should go; who it is and where it was, does not matter."""
        views = [each for each in asked.fleet.regions if each.region.name not in asked.exclude]
        up = [view for view in views if view.health >= Health.DEGRADED]
        if not up:
            return Answer(None, 10.0)
        beliefs = self._world.beliefs[asked.metro]
        priced = [(self.price(view, beliefs.of(view.region.name).rtt), view.region.name) for view in up]
        return Answer(min(priced)[1], self._ttl * self._dice.uniform(0.9, 1.1))

    @staticmethod
    def load(view: RegionView) -> tuple[float, float, float]:
        """Slots, what is taken of them, mean service in ms, by the last report."""
        model = view.nodes[0].models[MODEL]
        return model.slots, model.busy + model.queued, model.service

    def price(self, view: RegionView, rtt: float) -> tuple[float, float]:
        """What going to *view* costs."""
        raise NotImplementedError


class NearestUntilFull(Reported):
    """The shortest round trip among those whose last report had a slot free."""

    def price(self, view: RegionView, rtt: float) -> tuple[float, float]:
        """Full after not full, then by round trip."""
        slots, taken, _ = self.load(view)
        return float(taken >= slots), rtt


class RttAndReports(Reported):
    """Round trip and the wait that the last report makes likely."""

    def price(self, view: RegionView, rtt: float) -> tuple[float, float]:
        """Milliseconds."""
        slots, taken, service = self.load(view)
        return rtt + wait(slots, taken) * service, 0.0


CHOOSERS = {"autorouter": Counted, "until-full": NearestUntilFull, "rtt+reports": RttAndReports}
