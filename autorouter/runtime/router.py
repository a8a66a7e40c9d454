"""The read path: a question in, a decision out, from what is known alone. No await, no lock, nothing remote."""

from collections.abc import Callable

from autorouter.core.candidate import Candidate
from autorouter.core.decide import Case, Decision, decide
from autorouter.core.fleet import FleetSnapshot
from autorouter.core.latency.atlas import Atlas
from autorouter.core.lease import longest
from autorouter.core.names import Network, RegionName
from autorouter.core.policies import POLICIES
from autorouter.core.query import RouteQuery
from autorouter.core.spill import Spill
from autorouter.core.units import Instant
from autorouter.runtime.ports import Clock
from autorouter.runtime.snapshots import Snapshots

Hook = Callable[[Decision], None]
"""Is handed every decision."""

MOST_REMEMBERED = 32_768
"""Networks whose latest answer is remembered: a client that does not say where it is should stay there all the
same."""


class Router:
    """Decides."""

    def __init__(
        self, snapshots: Snapshots, atlas: Atlas, spill: Spill, clock: Clock, hooks: tuple[Hook, ...] = ()
    ) -> None:
        self._snapshots = snapshots
        self._atlas = atlas
        self._spill = spill
        self._now = clock
        self._hooks = hooks
        self._last: dict[Network, RegionName] = {}

    def route(self, query: RouteQuery) -> Decision:
        """The decision on *query* by the fleet as it is now; the load that it causes is counted."""
        catalog, fleet, now = self._snapshots.catalog, self._snapshots.fleet, self._now()
        network = query.client.network if query.client.measurable else None
        last = None if network is None else self._last.get(network)
        self._spill.see(fleet, longest(catalog.ttl), now)
        ended = self._leave(fleet, query, last, now)
        belief = self._atlas.belief(query.client, now)
        case = Case(query, POLICIES[catalog.policy], belief, self._spill, now, last)
        decision = decide(case, fleet, catalog.ttl)
        if decision.chosen is not None:
            self._count(decision, decision.chosen, now, ended=ended)
        if network is not None:
            self._remember(network, decision)
        for hook in self._hooks:
            hook(decision)
        return decision

    def _count(self, decision: Decision, chosen: Candidate, now: Instant, *, ended: bool) -> None:
        until, region = Instant(now + decision.ttl), chosen.view.region.name
        again = region == decision.query.previous and not ended
        self._spill.enter(region, chosen.placement, decision.query, until, again=again)

    def _leave(self, fleet: FleetSnapshot, query: RouteQuery, last: RegionName | None, now: Instant) -> bool:
        """The client asks again, so what it was promised where it is has ended; whether anything was."""
        here = query.previous or last
        view = fleet.by_name.get(here) if here else None
        return view is not None and self._spill.leave(view, query, now)

    def _remember(self, network: Network, decision: Decision) -> None:
        if decision.chosen is None or decision.query.only or decision.query.exclude:
            return  # what one client of a network wants, or wants no more, is not where the others should be
        self._last.pop(network, None)  # so that those who asked longest ago stand first
        self._last[network] = decision.chosen.view.region.name
        if len(self._last) > MOST_REMEMBERED:
            del self._last[next(iter(self._last))]
