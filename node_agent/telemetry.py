"""Prometheus: what the node's clients see. Labels come from closed sets (models, outcomes, …), never from clients."""

from collections import Counter as Count
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from node_agent.core.account import Account, Outcome
from node_agent.core.admission import Load
from node_agent.core.errors import Denial
from node_agent.core.latest import Latest
from node_agent.core.models import ModelName, Tally
from node_agent.core.probes import Fate
from node_agent.core.rtts import Rtts, Via


@dataclass(frozen=True, slots=True)
class Measure:
    """One thing that is measured of every request, as a histogram and as quantiles of the latest."""

    name: str
    words: str
    buckets: tuple[float, ...]
    read: Callable[[Account], float | None]


MEASURES = (
    Measure(
        "ttft_seconds",
        "Time to first token: from arrival to the first of the answer",
        (0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0, 30.0),
        lambda account: account.ttft,
    ),
    Measure(
        "tpot_seconds",
        "Time per output token: mean time of each later one",
        (0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0),
        lambda account: account.tpot,
    ),
    Measure(
        "queue_wait_seconds",
        "Time in the queue",
        (0.001, 0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0),
        lambda account: account.waited,
    ),
    Measure(
        "rtf",
        "Real-time factor: time served over length of audio",
        (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0),
        lambda account: account.rtf,
    ),
)
"""The names are MLPerf's."""

QUANTILES = (0.5, 0.9, 0.99)

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


class Quantiles:
    """The same of the latest requests, sorted when scraped."""

    def __init__(self, latest: Mapping[tuple[Measure, ModelName], Latest]) -> None:
        self._latest = latest

    def collect(self) -> Iterable[Metric]:
        """Called by the registry."""
        for measure in MEASURES:
            name = f"autorouter_node_latest_{measure.name}"
            gauge = GaugeMetricFamily(name, f"{measure.words}; of the latest", labels=["model", "quantile"])
            for (which, model), latest in self._latest.items():
                if which is measure:
                    for share, value in zip(QUANTILES, latest.quantiles(*QUANTILES), strict=True):
                        gauge.add_metric([model, f"{share:g}"], value)
            yield gauge


class Telemetry:
    """The runtime's `Ledger` and `Logbook`, kept as metrics."""

    def __init__(self, models: Iterable[ModelName], gauges: Gauges) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(gauges)
        self._requests = self._counter("requests", "Requests, by how they ended", "model", "outcome")
        self._tokens = self._counter("tokens", "Tokens read and written", "model", "direction")
        self._audio = self._counter("audio_seconds", "Audio listened to and spoken", "model", "direction")
        self._histograms = {measure: self._histogram(measure) for measure in MEASURES}
        self._latest: dict[tuple[Measure, ModelName], Latest] = defaultdict(Latest)
        self._registry.register(Quantiles(self._latest))
        self._again = self._counter("second_tries", "Requests whose model was lost before it said anything", "model")
        self._samples = self._counter("rtt_samples", "Round trips of clients taken in", "via")
        self._tickets = self._counter("tickets", "Tickets shown by clients, by what became of them", "fate")
        self._denied = self._counter("denied", "Requests whose key did not do, by why", "reason")
        for denial in Denial:
            self._denied.labels(denial)
        for model in models:
            self._again.labels(model)
            for outcome in Outcome:
                self._requests.labels(model, outcome)  # a series that exists from the start can be alerted on
        for via in Via:
            self._samples.labels(via)
        for fate in Fate:
            self._tickets.labels(fate)

    def record(self, account: Account) -> None:
        """Take one request in."""
        self._requests.labels(account.model, account.outcome).inc()
        self._again.labels(account.model).inc(account.tried_again)
        for measure, histogram in self._histograms.items():
            value = measure.read(account)
            if value is not None:
                histogram.labels(account.model).observe(value)
                self._latest[measure, account.model].note(value)
        if account.usage is not None:
            self._tokens.labels(account.model, "read").inc(account.usage.prompt)
            self._tokens.labels(account.model, "written").inc(account.usage.answer)
            self._audio.labels(account.model, "heard").inc(account.usage.heard)
            self._audio.labels(account.model, "spoken").inc(account.usage.spoken)

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

    def _histogram(self, measure: Measure) -> Histogram:
        name = f"autorouter_node_{measure.name}"
        return Histogram(name, measure.words, ["model"], buckets=measure.buckets, registry=self._registry)
