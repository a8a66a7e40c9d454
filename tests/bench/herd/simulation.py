"""The simulation: clients that keep their answers, nodes that queue and report, regions that die and come back cold.

Time is a heap of events. A client asks when its answer has lapsed and it has a request to make; a node serves
first come, first served, and turns away what does not fit its queue; the router sees a node only by its reports,
through the ledger it has in the field.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from math import log
from random import Random
from typing import Any

from autorouter.core.fleet import FleetSnapshot, ModelLoad
from autorouter.core.ledger import Ledger, fold
from autorouter.core.names import NodeName, RegionName, RouterName
from autorouter.core.observation import Observation, Outcome, Report
from autorouter.core.snapshot import snapshot
from autorouter.core.units import Instant, Millis, Seconds
from tests.bench.herd.choosers import CHOOSERS, MODEL, Ask
from tests.bench.herd.scenario import Event, Scenario
from tests.bench.herd.score import Score
from tests.bench.herd.world import METROS, SLOTS, world

LIFE = 300.0
HEAVY = 30
SERVICE = 1.0
SIGMA = 0.7
WARM_UP = 100.0
QUEUE = 0.5
"""Of the slots."""
DEAD_AFTER = 1.0
"""Seconds that a client waits for a dead region."""
DELAY = 0.1
COLD = 60.0
SHARED_EVERY = 1.0
RETRIES = 2

ROUTER = RouterName("r")


@dataclass(slots=True)
class Server:
    """A region's node."""

    slots: int
    alive: bool = True
    life: int = 0
    warm_at: float = 0.0
    busy: int = 0
    queue: deque[tuple[float, "Visit"]] = field(default_factory=deque)
    service: float = 0.0
    seq: int = 0
    area: float = 0.0
    since: float = 0.0
    reported: float = 0.0

    def note(self, now: float) -> None:
        """Add up how much was taken until *now*."""
        self.area += (self.busy + len(self.queue)) * (now - self.since)
        self.since = now


@dataclass(slots=True)
class Visitor:
    """A client."""

    number: int
    metro: str
    leaves: float
    weight: int
    region: str | None = None
    until: float = 0.0
    away_until: float = 0.0


@dataclass(slots=True)
class Visit:
    """One request on its way."""

    who: Visitor
    began: float
    lost: float = 0.0
    """Milliseconds spent on what failed."""
    tries: int = 0
    tried: frozenset[str] = frozenset()


class Simulation:
    """One run."""

    def __init__(self, scenario: Scenario, method: str, seed: int) -> None:
        self.scenario, self.now = scenario, 0.0
        self.world = world(scenario.liar, scenario.cloud)
        self.dice = Random(seed)
        self.chooser = CHOOSERS[method](self.world, scenario.ttl, scenario.routers, Random(seed + 1))
        self.slots = {str(each.name): each.slots or 0 for each in self.world.regions}
        self.servers = {name: Server(slots) for name, slots in self.slots.items()}
        self.ledger, self.revision = Ledger(ROUTER), 0
        self.fleet = self._snapshot()
        self.score = Score(self.slots)
        self.events: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self.order, self.numbers = count(), count()
        weight = 1 + scenario.heavy * (HEAVY - 1)
        self.population = scenario.load * sum(SLOTS.values()) / (scenario.rate * SERVICE * weight)
        self.lost = False
        self.factor = dict.fromkeys(METROS, 1.0)

    def run(self) -> Score:
        """Run to the end."""
        self._begin()
        end = WARM_UP + self.scenario.seconds
        while self.events:
            at, _, what, about = heappop(self.events)
            if at > end:
                break
            self.now = at
            what(*about)
        return self.score

    def later(self, seconds: float, what: Callable[..., None], *about: Any) -> None:
        """Let *what* happen in *seconds*."""
        heappush(self.events, (self.now + seconds, next(self.order), what, about))

    def _begin(self) -> None:
        for nth, name in enumerate(self.slots):
            self._look(name)
            self.later(self.scenario.report_every * (nth + 1) / len(self.slots), self._report, name)
        total = sum(METROS.values())
        for metro, people in METROS.items():
            here = self.population * people / total
            for _ in range(round(here)):
                self.later(self.dice.uniform(0.0, self.scenario.ttl), self._arrive, metro)
            # As many as leave: of those who came in the first minute, as many as in half a minute.
            self.later(self.scenario.ttl / 2, self._arrivals, metro, here / LIFE)
        self.later(SHARED_EVERY, self._share)
        self.later(1.0, self._sample)
        for event in self.scenario.events:
            self.later(WARM_UP + event.at, self._happen, event)

    # -- clients

    def _arrivals(self, metro: str, rate: float) -> None:
        """One more arrival in *metro*, by a process that is thinned to what the rate is now."""
        self._arrive(metro)
        self.later(self.dice.expovariate(rate * self.factor[metro]), self._arrivals, metro, rate)

    def _arrive(self, metro: str) -> None:
        weight = HEAVY if self.dice.random() < self.scenario.heavy else 1
        who = Visitor(next(self.numbers), metro, self.now + self.dice.expovariate(1 / LIFE), weight)
        self.later(self.dice.expovariate(self.scenario.rate * weight), self._request, who)

    def _request(self, who: Visitor) -> None:
        if self.now > who.leaves:
            return
        self.later(self.dice.expovariate(self.scenario.rate * who.weight), self._request, who)
        if self.now < who.away_until:
            self.score.shed(self.now)
            return
        self._send(Visit(who, self.now))

    def _send(self, visit: Visit) -> None:
        who = visit.who
        if who.region is None or self.now >= who.until or who.region in visit.tried:
            before = who.region
            asked = Ask(self.fleet, who.metro, who.number, before, visit.tried, who.weight, self.now)
            answer = self.chooser.ask(asked)
            self.score.asked(self.now, before, answer.region, forced=bool(visit.tried))
            if answer.region is None:
                who.away_until = self.now + answer.ttl
                self.score.shed(self.now)
                return
            who.region, who.until = answer.region, self.now + answer.ttl
        rtt = self.world.rtts[who.metro][who.region]
        self.later(rtt / 2000, self._land, visit, who.region, rtt)

    def _land(self, visit: Visit, name: str, rtt: float) -> None:
        server = self.servers[name]
        if not server.alive:
            self._fail(visit, name, DEAD_AFTER * 1000)
        elif server.busy < server.slots:
            self._serve(server, name, visit, rtt, 0.0)
        elif len(server.queue) < QUEUE * server.slots:
            server.note(self.now)
            server.queue.append((self.now, visit))
        else:
            self.score.rejected(self.now)
            self._fail(visit, name, rtt)

    def _serve(self, server: Server, name: str, visit: Visit, rtt: float, waited: float) -> None:
        server.note(self.now)
        server.busy += 1
        held = self._held() * (2.0 if self.now < server.warm_at else 1.0)
        server.service += 0.2 * (held * 1000 - server.service) if server.service else held * 1000
        self.score.served(self.now, visit.lost + rtt + waited, waited, name)
        self.later(held, self._done, name, server.life)

    def _held(self) -> float:
        return self.dice.lognormvariate(log(SERVICE) - SIGMA * SIGMA / 2, SIGMA)

    def _done(self, name: str, life: int) -> None:
        server = self.servers[name]
        if server.life != life:
            return
        server.note(self.now)
        server.busy -= 1
        if server.queue:
            since, visit = server.queue.popleft()
            rtt = self.world.rtts[visit.who.metro][name]
            self._serve(server, name, visit, rtt, (self.now - since) * 1000)

    def _fail(self, visit: Visit, name: str, cost: float) -> None:
        visit.lost += cost
        visit.tries += 1
        visit.tried |= {name}
        if visit.tries > RETRIES:
            self.score.failed(self.now)
            return
        self.score.retried(self.now)
        self.later(cost / 1000, self._send, visit)

    # -- nodes and routers

    def _look(self, name: str) -> None:
        """What the router finds at a region, as it takes it in."""
        server = self.servers[name]
        if not server.alive:
            self._found(name, Outcome.TIMED_OUT, None)
            return
        server.note(self.now)
        over = max(self.now - server.reported, 1e-9)
        taken, server.area, server.reported = server.area / over, 0.0, self.now
        server.seq += 1
        lies = name == self.scenario.liar
        slots = server.slots * 10 if lies else server.slots
        load = ModelLoad(MODEL, "1", "ready", slots, 0.0 if lies else taken, 0.0, Millis(server.service))
        self.later(DELAY, self._found, name, Outcome.READY, Report(f"b{server.life}", server.seq, "1", (load,)))

    def _found(self, name: str, outcome: Outcome, report: Report | None) -> None:
        found = Observation(ROUTER, RegionName(name), NodeName(name), Instant(self.now), outcome, report=report)
        self.ledger = fold(self.ledger, [found])
        self.fleet = self._snapshot()

    def _report(self, name: str) -> None:
        self._look(name)
        self.later(self.scenario.report_every, self._report, name)

    def _snapshot(self) -> FleetSnapshot:
        self.revision += 1
        every = Seconds(self.scenario.report_every)
        return snapshot(self.world.regions, self.ledger, every, Instant(self.now), self.revision)

    def _share(self) -> None:
        if not self.lost:
            self.chooser.share()
        self.later(SHARED_EVERY, self._share)

    def _sample(self) -> None:
        self.score.sample(self.now, {name: each.busy + len(each.queue) for name, each in self.servers.items()})
        self.later(1.0, self._sample)

    def _happen(self, event: Event) -> None:
        if event.kill:
            server = self.servers[event.kill]
            lost = [visit for _, visit in server.queue]
            self.servers[event.kill] = Server(server.slots, alive=False, life=server.life + 1)
            for visit in lost:
                self._fail(visit, event.kill, DEAD_AFTER * 1000)
        if event.revive:
            server = self.servers[event.revive]
            server.alive, server.warm_at, server.since, server.reported = True, self.now + COLD, self.now, self.now
        if event.spike is not None:
            self.factor |= dict.fromkeys(event.metros, event.spike)
            self.later(event.seconds, self.factor.update, dict.fromkeys(event.metros, 1.0))
        if event.lost:
            self.lost = True
            self.later(event.seconds, self._found_again)
        if event.wipe:
            self.chooser.wipe(self.now)

    def _found_again(self) -> None:
        self.lost = False
