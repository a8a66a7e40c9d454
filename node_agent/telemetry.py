"""Prometheus: what the node's clients see. Labels come from closed sets (models, outcomes, …), never from clients."""

from collections import Counter as Count
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from node_agent.core.account import Account, Outcome
from node_agent.core.admission import Load
from node_agent.core.errors import Denial
from node_agent.core.models import ModelName, Tally
from node_agent.core.probes import Fate
from node_agent.core.rtts import Rtts, Via

FIRST_TOKEN_BUCKETS = (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0)
PER_TOKEN_BUCKETS = (0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0)
WAIT_BUCKETS = (0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)

FULLNESS: tuple[tuple[str, str, Callable[[Load], int]], ...] = (
    ("busy_requests", "Requests that hold a slot", lambda load: load.busy),
    ("queued_requests", "Requests that wait for one", lambda load: load.queued),
    ("slots", "Requests served at once, as found by measuring", lambda load: load.slots),
    ("slots_configured", "Requests served at once at most", lambda load: load.most),
)
"""One gauge a line. As things are at the moment, for Prometheus averages by itself."""


class Gauges:
    """Read when scraped, so that they cannot be out of step with what they show."""

    def __init__(self, loads: Callable[[], Mapping[ModelName, Load]], tally: Callable[[], Tally], rtts: Rtts) -> None:
        self._loads = loads
        self._tally = tally
        self._rtts = rtts

    def collect(self) -> Iterable[Metric]:
        """Called by the registry."""
        tally = self._tally()
        restarts = CounterMetricFamily("autorouter_node_engine_restarts", "Times the engine was started again")
        restarts.add_metric([], tally.restarts)
        reloads = CounterMetricFamily("autorouter_node_model_reloads", "Times a model that died was loaded again")
        reloads.add_metric([], tally.reloads)
        return (*self._fullness(), restarts, reloads, self._networks())

    def _fullness(self) -> Iterable[Metric]:
        loads = self._loads()
        for name, words, read in FULLNESS:
            gauge = GaugeMetricFamily(f"autorouter_node_{name}", words, labels=["model"])
            for model, load in loads.items():
                gauge.add_metric([model], read(load))
            yield gauge

    def _networks(self) -> Metric:
        networks = GaugeMetricFamily("autorouter_node_rtt_networks", "Client networks remembered", labels=["via"])
        kept = Count(rtt.via for rtt in self._rtts)
        for via in Via:
            networks.add_metric([via], kept[via])
        return networks


class Telemetry:
    """The runtime's `Ledger` and `Logbook`, kept as metrics."""

    def __init__(self, models: Iterable[ModelName], gauges: Gauges) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(gauges)
        self._requests = self._counter("requests", "Requests, by how they ended", "model", "outcome")
        self._tokens = self._counter("tokens", "Tokens read and written", "model", "direction")
        self._first = self._histogram("first_token_seconds", "From arrival to the first text", FIRST_TOKEN_BUCKETS)
        self._per = self._histogram("per_token_seconds", "Mean time of each later token", PER_TOKEN_BUCKETS)
        self._wait = self._histogram("queue_wait_seconds", "Time in the queue", WAIT_BUCKETS)
        self._samples = self._counter("rtt_samples", "Round trips of clients taken in", "via")
        self._tickets = self._counter("tickets", "Tickets shown by clients, by what became of them", "fate")
        self._denied = self._counter("denied", "Requests whose key did not do, by why", "reason")
        for denial in Denial:
            self._denied.labels(denial)
        for model in models:
            for outcome in Outcome:
                self._requests.labels(model, outcome)  # a series that exists from the start can be alerted on
        for via in Via:
            self._samples.labels(via)
        for fate in Fate:
            self._tickets.labels(fate)

    def record(self, account: Account) -> None:
        """Take one request in."""
        self._requests.labels(account.model, account.outcome).inc()
        self._wait.labels(account.model).observe(account.waited)
        if account.first_token is not None:
            self._first.labels(account.model).observe(account.first_token)
        if account.per_token is not None:
            self._per.labels(account.model).observe(account.per_token)
        if account.usage is not None:
            self._tokens.labels(account.model, "read").inc(account.usage.prompt)
            self._tokens.labels(account.model, "written").inc(account.usage.answer)

    def sample(self, via: Via) -> None:
        """A round trip was taken in."""
        self._samples.labels(via).inc()

    def ticket(self, fate: Fate) -> None:
        """A ticket was shown."""
        self._tickets.labels(fate).inc()

    def deny(self, denial: Denial) -> None:
        """A key did not do."""
        self._denied.labels(denial).inc()

    def page(self) -> bytes:
        """Everything, in Prometheus' text format."""
        return generate_latest(self._registry)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"autorouter_node_{name}", words, labels, registry=self._registry)

    def _histogram(self, name: str, words: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"autorouter_node_{name}", words, ["model"], buckets=buckets, registry=self._registry)
