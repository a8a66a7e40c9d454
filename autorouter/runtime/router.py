"""The read path: a question in, a decision out, from what is known alone. No await, no lock, nothing remote."""

from collections.abc import Callable

from autorouter.core.decide import Decision, decide
from autorouter.core.latency.atlas import Atlas
from autorouter.core.names import Network, RegionName
from autorouter.core.policies import POLICIES
from autorouter.core.query import RouteQuery
from autorouter.runtime.ports import Clock
from autorouter.runtime.snapshots import Snapshots

Hook = Callable[[Decision], None]
"""Is handed every decision."""

MOST_REMEMBERED = 32_768
"""Networks whose latest answer is remembered: a client that does not say where it is should stay there all the
same."""


class Router:
    """Decides."""

    def __init__(self, snapshots: Snapshots, atlas: Atlas, clock: Clock, hooks: tuple[Hook, ...] = ()) -> None:
        self._snapshots = snapshots
        self._atlas = atlas
        self._now = clock
        self._hooks = hooks
        self._last: dict[Network, RegionName] = {}

    def route(self, query: RouteQuery) -> Decision:
        """The decision on *query* by the fleet as it is now."""
        catalog, client = self._snapshots.catalog, query.client
        belief = self._atlas.belief(client, self._now())
        network = client.network if client.measurable else None
        last = None if network is None else self._last.pop(network, None)
        decision = decide(query, self._snapshots.fleet, POLICIES[catalog.policy], catalog.ttl, belief, last)
        if network is not None:
            self._remember(network, decision)
        for hook in self._hooks:
            hook(decision)
        return decision

    def _remember(self, network: Network, decision: Decision) -> None:
        if decision.chosen is None:
            return
        self._last[network] = decision.chosen.view.region.name
        if len(self._last) > MOST_REMEMBERED:
            del self._last[next(iter(self._last))]
