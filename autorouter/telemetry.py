"""What happens, as Prometheus metrics and log lines. Hooks take core values; labels come from closed sets only.

A client, a network, a model that somebody merely asked for: none of them is ever a label.
"""

from contextlib import suppress

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge

from autorouter.core.decide import Decision
from autorouter.core.fleet import FleetSnapshot
from autorouter.core.observation import Observation
from autorouter.core.units import Millis

log = structlog.get_logger("autorouter")


class Telemetry:
    """Counts and tells. *budget* is the time to start within which an answer counts as good, in ms."""

    def __init__(self, budget: Millis) -> None:
        self.registry = CollectorRegistry()
        self.budget = budget
        self.store_up: bool | None = None
        here = self.registry
        self._answers = Counter("autorouter_answers", "Routes answered.", ["outcome", "region"], registry=here)
        self._good = Counter("autorouter_answers_in_budget", "Those that start in time.", ["region"], registry=here)
        self._problems = Counter("autorouter_problems", "Requests refused.", ["code"], registry=here)
        self._probes = Counter("autorouter_probes", "Looks at nodes.", ["node", "outcome"], registry=here)
        self._rtt = Gauge("autorouter_node_rtt_seconds", "Latest round trip, by the kernel.", ["node"], registry=here)
        self._health = Gauge("autorouter_region_health", "0 unknown to 3 up.", ["region"], registry=here)
        self._revision = Gauge("autorouter_fleet_revision", "Snapshots published.", registry=here)
        self._reload = Gauge("autorouter_config_last_reload_successful", "1 if it was.", registry=here)
        self._store = Gauge("autorouter_store_up", "1 while the store answers.", registry=here)
        self._untold = Counter("autorouter_observations_untold", "Not told to other routers in time.", registry=here)
        self._refused = Counter("autorouter_store_entries_refused", "Entries that made no sense.", registry=here)
        self._defects = Counter("autorouter_defects", "Steps that a defect ended.", ["what"], registry=here)
        self._reload.set(1)

    def decided(self, decision: Decision) -> None:
        """A question was answered."""
        chosen = decision.chosen
        if chosen is None:
            self._answers.labels("none", "").inc()
            return
        region = chosen.view.region.name
        self._answers.labels("bent" if decision.bent else "routed", region).inc()
        if chosen.time_to_start <= self.budget:
            self._good.labels(region).inc()

    def refused(self, code: str) -> None:
        """A request got the problem *code*, one of the catalogue."""
        self._problems.labels(code).inc()

    def observed(self, observation: Observation) -> None:
        """A node was looked at by this very router."""
        self._probes.labels(observation.node, observation.outcome.value).inc()
        if observation.rtt is not None:
            self._rtt.labels(observation.node).set(observation.rtt / 1000)

    def published(self, before: FleetSnapshot, after: FleetSnapshot) -> None:
        """The fleet has a new snapshot; a line is logged for each node whose health changed."""
        self._revision.set(after.revision)
        for name in {view.region.name for view in before.regions} - {view.region.name for view in after.regions}:
            with suppress(KeyError):
                self._health.remove(name)
        was = {node.node.name: node.health for view in before.regions for node in view.nodes}
        for view in after.regions:
            changed = [node for node in view.nodes if was.get(node.node.name) is not node.health]
            for node in changed:
                log.info("node_changed", node=node.node.name, health=node.health.name.lower(), reason=node.reason)
            if changed:
                self._health.labels(view.region.name).set(view.health)

    def store_changed(self, *, up: bool, reason: str) -> None:
        """The store came or went."""
        self._store.set(up)
        if up is not self.store_up:
            self.store_up = up
            (log.info if up else log.warning)("store_changed", up=up, reason=reason)

    def failed(self, what: str, exc: Exception) -> None:
        """A defect of ours ended one step of *what*."""
        self._defects.labels(what).inc()
        log.error("defect", what=what, exc_info=exc)

    def dropped(self) -> None:
        """An observation could not be told to the other routers in time."""
        self._untold.inc()

    def entry_refused(self) -> None:
        """The store held something that is no observation."""
        self._refused.inc()

    def reloaded(self, *, ok: bool, reason: str = "") -> None:
        """regions.yaml was read again."""
        self._reload.set(ok)
        if ok:
            log.info("config_reloaded")
        else:
            log.error("config_reload_failed", reason=reason, kept="the last good one")
