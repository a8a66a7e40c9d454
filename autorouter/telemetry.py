"""What happens, as Prometheus metrics and log lines. Hooks take core values; labels come from closed sets only.

A client, a network, a model that somebody merely asked for: none of them is ever a label.
"""

from collections import Counter as Tally
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from autorouter.core.decide import Decision
from autorouter.core.fleet import FleetSnapshot
from autorouter.core.holds import Hold, HoldKind
from autorouter.core.latency.atlas import Atlas
from autorouter.core.latency.sources import SOURCES
from autorouter.core.observation import Observation
from autorouter.core.spill import Spill
from autorouter.core.units import Millis
from autorouter.core.used import Used

log = structlog.get_logger("autorouter")


SentOn = Literal["redirected", "relayed", "failed"]
"""``failed``: asked in a client's place, and another was asked then, or none was left."""


class Telemetry:
    """Counts and tells. *budget* is the time to start within which an answer counts as good, in ms."""

    def __init__(self, budget: Millis, fleet: Callable[[], FleetSnapshot]) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(FleetGauges(fleet))
        self.budget = budget
        self._store_up: dict[str, bool] = {}
        self._shelf_up: bool | None = None
        self._exchange_up: bool | None = None
        self._board_up: bool | None = None
        here = self.registry
        self._answers = Counter("autorouter_answers", "Routes answered.", ["outcome", "region"], registry=here)
        self._good = Counter("autorouter_answers_in_budget", "Those that start in time.", ["region"], registry=here)
        self._sent_on = Counter("autorouter_sent_on", "Inference sent on.", ["outcome", "region"], registry=here)
        self._problems = Counter("autorouter_problems", "Requests refused.", ["code"], registry=here)
        self._probes = Counter("autorouter_probes", "Looks at nodes.", ["node", "outcome"], registry=here)
        self._reload = Gauge("autorouter_config_last_reload_successful", "1 if it was.", registry=here)
        self._reread = Gauge("autorouter_geoip_last_reload_successful", "1 if it was.", ["database"], registry=here)
        self._store = Gauge("autorouter_store_up", "1 while the store does as asked.", ["side"], registry=here)
        self._untold = Counter("autorouter_observations_untold", "Not told to other routers in time.", registry=here)
        self._refused = Counter("autorouter_store_entries_refused", "Entries that made no sense.", registry=here)
        self._samples = Counter("autorouter_samples", "Clients' round trips learned.", ["source"], registry=here)
        self._unfit = Counter(
            "autorouter_samples_refused", "Clients' round trips refused.", ["source", "reason"], registry=here
        )
        self._shelf = Gauge("autorouter_shelf_up", "1 while what is learned can be kept.", registry=here)
        self._exchange = Gauge(
            "autorouter_exchange_up", "1 while routers can show each other what they promised.", registry=here
        )
        self._board = Gauge("autorouter_board_up", "1 while holds can be read and kept.", registry=here)
        self._admin = Counter("autorouter_admin_requests", "Asked of the admin API.", ["outcome"], registry=here)
        self._defects = Counter("autorouter_defects", "Steps that a defect ended.", ["what"], registry=here)
        self._reload.set(1)
        for database in ("city", "asn"):
            self._reread.labels(database).set(1)

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

    def sent_on(self, outcome: SentOn, region: str) -> None:
        """A request for a model was sent on to *region*: its client told to go there, or asked in its place."""
        self._sent_on.labels(outcome, region).inc()

    def refused(self, code: str) -> None:
        """A request got the problem *code*, one of the catalogue."""
        self._problems.labels(code).inc()

    def observed(self, observation: Observation) -> None:
        """A node was looked at by this very router."""
        self._probes.labels(observation.node, observation.outcome.value).inc()

    def published(self, before: FleetSnapshot, after: FleetSnapshot) -> None:
        """The fleet has a new snapshot; a line is logged for each node whose health changed."""
        was = {node.node.name: node.health for view in before.regions for node in view.nodes}
        for node in (node for view in after.regions for node in view.nodes):
            if was.get(node.node.name) is not node.health:
                log.info("node_changed", node=node.node.name, health=node.health.name.lower(), reason=node.reason)

    def sampled(self, source: str, refusal: str | None) -> None:
        """A client's round trip was learned, or refused; sources that do not exist share a label."""
        name = source if source in SOURCES else "unknown"
        if refusal is None:
            self._samples.labels(name).inc()
        else:
            self._unfit.labels(name, refusal).inc()

    def shelf_changed(self, fault: str = "") -> None:
        """What was learned can be kept, or not because of *fault*; a line is logged when that changes."""
        up = not fault
        if self._shelf_up is not up:
            self._shelf_up = up
            self._shelf.set(up)
            (log.info if up else log.warning)("shelf_changed", up=up, fault=fault)

    def exchange_changed(self, fault: str = "") -> None:
        """Promises were exchanged, or could not be because of *fault*; a line is logged when that changes."""
        up = not fault
        if self._exchange_up is not up:
            if fault or self._exchange_up is False:
                (log.info if up else log.warning)("exchange_changed", up=up, fault=fault)
            self._exchange_up = up
            self._exchange.set(up)

    def board_changed(self, fault: str = "") -> None:
        """Holds could be read and kept, or not because of *fault*; a line is logged when that changes."""
        up = not fault
        if self._board_up is not up:
            if fault or self._board_up is False:
                (log.info if up else log.warning)("board_changed", up=up, fault=fault)
            self._board_up = up
            self._board.set(up)

    def held(self, before: Sequence[Hold], after: Sequence[Hold]) -> None:
        """Other holds are in force: a line is logged for each that is new, and for each that holds no more."""
        for hold in (each for each in after if each not in before):
            log.info("held", **_named(hold), reason=hold.reason, until=hold.until)
        keys = {hold.key for hold in after}
        for hold in (each for each in before if each.key not in keys):
            log.info("held_no_more", **_named(hold))

    def administered(self, outcome: str) -> None:
        """The admin API answered: ``done``, or the code of a problem of the catalogue."""
        self._admin.labels(outcome).inc()

    def store_changed(self, side: Literal["tell", "hear"], fault: str = "") -> None:
        """The store did as asked, or did not because of *fault*; a line is logged when that changes."""
        up = not fault
        if not up and side == "tell":
            self._untold.inc()
        if self._store_up.get(side) is not up:
            self._store_up[side] = up
            self._store.labels(side).set(up)
            (log.info if up else log.warning)("store_changed", side=side, up=up, fault=fault)

    @property
    def store_up(self) -> bool | None:
        """Whether the store does as asked, as far as is known."""
        return all(self._store_up.values()) if self._store_up else None

    def failed(self, what: str, exc: Exception) -> None:
        """A defect of ours ended one step of *what*."""
        self._defects.labels(what).inc()
        log.error("defect", what=what, exc_info=exc)

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

    def reread(self, database: Literal["city", "asn"], fault: str = "") -> None:
        """A GeoIP file that had changed was read again, or could not be because of *fault*."""
        self._reread.labels(database).set(not fault)
        if fault:
            log.error("geoip_reload_failed", database=database, reason=fault, kept="the last good one")
        else:
            log.info("geoip_reloaded", database=database)


def _named(hold: Hold) -> dict[str, str]:
    return {"target": hold.target, "kind": hold.kind.value, "by": hold.by}


USAGE = (
    ("requests", "Requests of which something was delivered."),
    ("prompt_tokens", "Tokens read."),
    ("answer_tokens", "Tokens written."),
    ("heard_seconds", "Audio listened to."),
    ("characters", "Characters spoken."),
    ("cost_dollars", "What it cost, in US dollars."),
)
"""One counter a line, in the order of `Figures`."""


class UsageCounters(Collector):
    """What nodes say was delivered, by region and model; never by key."""

    def __init__(self, used: Used) -> None:
        self._used = used

    def collect(self) -> Iterator[Metric]:
        """One counter per figure."""
        for place, (name, words) in enumerate(USAGE):
            counter = CounterMetricFamily(f"autorouter_usage_{name}", words, labels=["region", "model"])
            for region, model, figures in self._used:
                counter.add_metric([region, model], figures[place])
            yield counter


class AtlasGauges(Collector):
    """What is known of clients at the moment it is asked about."""

    def __init__(self, atlas: Atlas) -> None:
        self._atlas = atlas

    def collect(self) -> Iterator[Metric]:
        """How much that is."""
        yield GaugeMetricFamily("autorouter_networks_known", "Client networks with measured paths.", len(self._atlas))


class LoadGauges(Collector):
    """How busy regions are, as this router counts: reports, and all that answers have promised since."""

    def __init__(self, spill: Spill, fleet: Callable[[], FleetSnapshot]) -> None:
        self._spill = spill
        self._fleet = fleet

    def collect(self) -> Iterator[Metric]:
        """What each region has to do, and on how many slots."""
        taken = GaugeMetricFamily("autorouter_region_load", "Requests at once, as counted.", labels=["region"])
        slots = GaugeMetricFamily("autorouter_region_slots", "Requests at once it is good for.", labels=["region"])
        for view in self._fleet().regions:
            if (load := self._spill.load(view)) is not None:
                taken.add_metric([view.region.name], load.taken)
                slots.add_metric([view.region.name], load.slots)
        yield taken
        yield slots


class FleetGauges(Collector):
    """The fleet as it is at the moment it is asked about: nothing that has left is ever told of."""

    def __init__(self, fleet: Callable[[], FleetSnapshot]) -> None:
        self._fleet = fleet

    def collect(self) -> Iterator[Metric]:
        """One gauge per fact."""
        fleet = self._fleet()
        health = GaugeMetricFamily("autorouter_region_health", "0 unknown to 3 up.", labels=["region"])
        rtt = GaugeMetricFamily("autorouter_node_rtt_seconds", "Median of the latest round trips.", labels=["node"])
        holds = GaugeMetricFamily("autorouter_holds", "On it or its nodes, in force.", labels=["region", "kind"])
        for view in fleet.regions:
            health.add_metric([view.region.name], view.health)
            each = Tally(hold.kind for hold in (*view.holds, *(h for node in view.nodes for h in node.holds)))
            for kind in HoldKind:
                holds.add_metric([view.region.name, kind.value], each[kind])
            for node in view.nodes:
                if node.rtt is not None:
                    rtt.add_metric([node.node.name], node.rtt / 1000)
        yield health
        yield rtt
        yield holds
        yield GaugeMetricFamily("autorouter_fleet_revision", "Snapshots published.", fleet.revision)
