"""The read path: a question in, a decision out, from the snapshot alone. No await, no lock, nothing remote."""

from collections.abc import Callable

from autorouter.core.decide import Decision, decide
from autorouter.core.policies import POLICIES
from autorouter.core.query import RouteQuery
from autorouter.runtime.snapshots import Snapshots

Hook = Callable[[Decision], None]
"""Is handed every decision."""


class Router:
    """Decides."""

    def __init__(self, snapshots: Snapshots, hooks: tuple[Hook, ...] = ()) -> None:
        self._snapshots = snapshots
        self._hooks = hooks

    def route(self, query: RouteQuery) -> Decision:
        """The decision on *query* by the fleet as it is now."""
        catalog = self._snapshots.catalog
        decision = decide(query, self._snapshots.fleet, POLICIES[catalog.policy], catalog.ttl)
        for hook in self._hooks:
            hook(decision)
        return decision
