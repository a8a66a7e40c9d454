"""Spillover: the load that answers have caused and no report has seen, counted in; and who is sent on because of it.

Systems that route by reports alone send everyone to the region that was empty a moment ago. Here the load of an
endpoint is what it reported, smoothed, plus what was promised since then; and never less than all that is promised
there, whatever it reports, so that a node which reports nothing draws no more than its share.
"""

from autorouter.core.assigned import ANY, Assigned
from autorouter.core.capacity import FULL_AT, Load, tightest, total
from autorouter.core.fleet import FleetSnapshot, RegionView, Tier
from autorouter.core.names import ModelName, Network, RegionName
from autorouter.core.placement import Placed, Placement, lot, placements
from autorouter.core.query import Priority, RouteQuery
from autorouter.core.rates import Rates, promised
from autorouter.core.sift import Offer
from autorouter.core.units import Instant, Millis, Seconds, Share

STEP = 0.5
"""Slots by which the load of a region may grow before what was worked out from it is dropped."""

RAMP = 0.1
"""Across this much of the load ever more clients are sent on, in the end all …"""

EARLY = 0.05
"""… from this much before all slots are taken and one request waits in each region. A line that is just full still
grows; and where slots are few, one who waits is no sign of anything."""

HEAVIEST = Share(0.1)
"""Of the slots of an endpoint that one answer is counted for at most, but for one slot always."""

LEAST = 1e-3
"""Slots by assignment, below which a rate is none."""

EVERY = Seconds(60.0)
"""Who is sent on is drawn anew this often: rarely enough to leave conversations alone, often enough to be fair."""


class Spill:
    """Counts."""

    def __init__(self, assigned: Assigned) -> None:
        self.assigned = assigned
        self._rates = Rates()
        self._full = False
        """Whether every answer that still holds can be in the books."""
        self._fleet: FleetSnapshot | None = None
        self._placed: dict[RegionName, dict[tuple[Placement, int, Priority], Placed]] = {}
        self._moved: dict[RegionName, float] = {}
        self._fullness: dict[object, float] = {}

    def see(self, fleet: FleetSnapshot, longest: Seconds, now: Instant) -> None:
        """Take *fleet* for what is, and let what has lapsed go. *longest* is how long an answer may hold."""
        turned = self.assigned.turn(now)
        if turned:
            self._full = now - self.assigned.start > longest
            self._rates.learn(fleet, self.assigned, full=self._full)
        if turned or fleet is not self._fleet:
            self._fleet = fleet
            self._placed.clear()
            self._moved.clear()
        if turned:
            self._fullness.clear()

    def enter(self, region: RegionName, placed: Placed, query: RouteQuery, until: Instant, *, again: bool) -> None:
        """Count the answer that sends *query* to *placed* in *region*; *again* if its client was there before.

        Of such a client nothing else may be in books that are still filling up; its load is in the reports.
        """
        for model in query.models or (ANY,):
            self.assigned.enter((placed.endpoint, model), placed.weight, until, shown=again and not self._full)
        self._move(region, placed.more * placed.weight / query.concurrency)

    def _move(self, region: RegionName, by: float) -> None:
        """The load of *region* has changed: what was worked out from it goes when that adds up."""
        self._moved[region] = self._moved.get(region, 0.0) + by
        if abs(self._moved[region]) >= STEP:
            del self._moved[region]
            self._placed.pop(region, None)

    def leave(self, view: RegionView, query: RouteQuery, now: Instant) -> bool:
        """What *query*'s client was promised in *view* has ended, for it asks again; whether there was anything."""
        for placement in placements(view, query.models):
            weight = self._weight(placement, query.concurrency)
            left = [self.assigned.leave((placement.endpoint, model), weight, now) for model in query.models or (ANY,)]
            if any(left):
                self._move(view.region.name, -weight * self._rate_of(placement))
                return True
        return False

    def place(self, view: RegionView, query: RouteQuery) -> Placed:
        """Where in *view* to put *query*: where there is room and the least wait; ties shared out by network."""
        found = [self._placed_at(view, each, query) for each in placements(view, query.models)]
        if len(found) == 1:
            return found[0]
        return min(found, key=lambda each: (each.full, each.wait, lot(query.client.network, each.endpoint)))

    def load(self, view: RegionView) -> Load | None:
        """All that *view* has to do, with all that is promised; None if nothing can be had there."""
        return self._whole(view, frozenset()) if placements(view, frozenset()) else None

    def sent_on(self, offer: Offer, query: RouteQuery, now: Instant) -> bool:
        """Whether *query* is for the next offer to answer, because *offer* is overfull."""
        over = self._share_over(offer, query)
        return over > 0.0 and drawn(query.client.network, now) < over

    def _share_over(self, offer: Offer, query: RouteQuery) -> Share:
        key = offer.bent, offer.eligible.views[0].region.tier is Tier.CLOUD, query.constraints
        fullness = self._fullness.get(key)
        if fullness is None:
            whole = total(self._whole(view, query.models) for view in offer.eligible.views)
            fullness = self._fullness[key] = whole.taken / (whole.slots + len(offer.eligible.views))
        return Share(min(1.0, max(0.0, (fullness - FULL_AT[query.priority] + EARLY) / RAMP)))

    def _placed_at(self, view: RegionView, placement: Placement, query: RouteQuery) -> Placed:
        """What *query* would find at *placement*; remembered until the load there has moved."""
        placed = self._placed.setdefault(view.region.name, {})
        key = placement, query.concurrency, query.priority
        if key not in placed:
            placed[key] = self._place_at(view, placement, query)
        return placed[key]

    def _place_at(self, view: RegionView, placement: Placement, query: RouteQuery) -> Placed:
        rate, weight = self._rate_of(placement), self._weight(placement, query.concurrency)
        load, more = self._tightest(view, placement), rate * query.concurrency
        # One caller does not wait for itself: it asks, listens, and asks again. A heavy one does, for all but one.
        there, found = load._replace(taken=load.taken + more - rate), load._replace(taken=load.taken + more)
        wait, full = Millis(there.wait(query.priority) + placement.loading), found.full(query.priority)
        return Placed(placement.endpoint, placement.nodes, found, wait, full, more, weight, placement.loading)

    def _weight(self, placement: Placement, concurrency: int) -> float:
        """What a client that says it is so heavy counts as: saying so is free, and must not fill a region."""
        slots = sum(placement.slots[name] for name in placement.models or placement.slots)
        most = max(1.0, HEAVIEST * slots) / max(LEAST, self._rate_of(placement))
        return max(1.0, min(concurrency, most))

    def _tightest(self, view: RegionView, placement: Placement) -> Load:
        """What is there before the client comes: at the placement, or by the contract, whichever has less room."""
        return tightest((self._found(placement, placement.models), *self._granted(view)))

    def _whole(self, view: RegionView, models: frozenset[ModelName]) -> Load:
        """The load of all of *view* for who needs *models*, on all slots that its contract grants, cold or warm."""
        load = total(self._warmed(each, models) for each in placements(view, models))
        return load if view.region.slots is None else load._replace(slots=min(load.slots, view.region.slots))

    def _warmed(self, placement: Placement, models: frozenset[ModelName]) -> Load:
        names = models or placement.loads
        return _of(models, [self._estimate(placement, each)._replace(slots=placement.slots[each]) for each in names])

    def _granted(self, view: RegionView) -> tuple[Load, ...]:
        """What *view* has of the slots that its contract grants, if that says any: whoever waits has none of them."""
        if view.region.slots is None:
            return ()
        loads = [self._estimate(each, name) for each in placements(view, frozenset()) for name in each.loads]
        load = total(load._replace(taken=min(load.taken, load.slots)) for load in loads)
        return (load._replace(slots=min(load.slots, view.region.slots)),)

    def _found(self, placement: Placement, models: frozenset[ModelName]) -> Load:
        """The load at *placement* for who needs *models*, with all that is promised."""
        return _of(models, [self._estimate(placement, name) for name in models or placement.loads])

    def _estimate(self, placement: Placement, model: ModelName) -> Load:
        """What *model* has at *placement*: as reported, with what came since; at least all that is promised."""
        load, rate = placement.loads[model], self._rates.of(model)
        live, unseen = promised(self.assigned, placement, model)
        return load._replace(taken=max(load.taken + rate * unseen, rate * live, 0.0))

    def _rate_of(self, placement: Placement) -> float:
        """What one more assignment loads *placement* with."""
        if placement.models:
            return max(map(self._rates.of, placement.models))
        return sum(placement.shares[model] * self._rates.of(model) for model in placement.loads)


def _of(models: frozenset[ModelName], loads: list[Load]) -> Load:
    """Of those that were asked for the tightest; of any, all together."""
    return tightest(loads) if models else total(loads)


def drawn(network: Network | None, now: Instant) -> Share:
    """What *network* drew for this minute of its own: those below the share that is over are sent on.

    Minutes begin at another moment for every network, or all who were sent on would be let in at once.
    """
    begins = _share(lot(network, "minute"))
    return _share(lot(network, f"minute {int(now / EVERY + begins)}"))


def _share(drawn: bytes) -> Share:
    return Share(int.from_bytes(drawn[:4]) / 0xFFFFFFFF)
