"""What a run is judged by."""

from collections import defaultdict
from collections.abc import Mapping

from tests.bench.herd.scenario import Event, Scenario
from tests.bench.herd.world import CLOUD, SLOTS

WARM_UP = 100.0
WINDOW = 20
"""Seconds over which use is averaged."""

FELT = 100.0
"""Milliseconds of queue that are felt."""

JOINING = 100.0
"""Seconds after a region came back that are looked at by themselves."""

STEP = 5
TROUBLE = 0.05
"""Share of requests in a step that met an error or a queue, above which a fleet has not recovered."""


class Score:
    """Is told what happens. Times are in s since the warm-up began; what happens in it does not count."""

    def __init__(self, slots: Mapping[str, int]) -> None:
        self.slots = slots
        self.overheads: list[tuple[float, float]] = []
        self.counts: dict[str, int] = defaultdict(int)
        self.where: dict[str, int] = defaultdict(int)
        self.steps: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        self.asks: dict[int, int] = defaultdict(int)
        self.used: dict[str, list[float]] = {name: [] for name in slots}

    def _count(self, now: float, what: str) -> None:
        if now >= WARM_UP:
            self.counts[what] += 1

    def served(self, now: float, overhead: float, waited: float, name: str) -> None:
        """A request came to be served, after *overhead* ms of which it *waited* in the queue."""
        self._step(now, troubled=waited > FELT)
        if now < WARM_UP:
            return
        self.overheads.append((now - WARM_UP, overhead))
        self.counts["served"] += 1
        self.counts["queued"] += waited > 0
        self.where[name] += 1

    def rejected(self, now: float) -> None:
        """A node had no place left."""
        self._count(now, "rejected")

    def retried(self, now: float) -> None:
        """A request failed, and is tried elsewhere."""
        self._step(now, troubled=True)
        self._count(now, "retried")

    def failed(self, now: float) -> None:
        """A request failed for good."""
        self._step(now, troubled=True)
        self._count(now, "failed")

    def shed(self, now: float) -> None:
        """A request was not made, for the router had asked to wait."""
        self._count(now, "shed")

    def asked(self, now: float, before: str | None, after: str | None, *, forced: bool) -> None:
        """The router was asked."""
        self.asks[int(now)] += 1
        if before is not None and after is not None and not forced:
            self._count(now, "renewed")
            if before != after:
                self._count(now, "moved")

    def sample(self, now: float, taken: Mapping[str, int]) -> None:
        """How much is taken."""
        if now >= WARM_UP:
            for name, each in taken.items():
                self.used[name].append(each / self.slots[name])

    def _step(self, now: float, *, troubled: bool) -> None:
        step = self.steps[int((now - WARM_UP) // STEP)]
        step[0] += 1
        step[1] += troubled

    def told(self, scenario: Scenario) -> dict[str, float]:
        """The figures of *scenario*; times in ms, shares in percent of requests, use as a share of the slots."""
        overheads = sorted(overhead for _, overhead in self.overheads)
        requests = self.counts["served"] + self.counts["failed"]
        figures = {
            "mean": round(sum(overheads) / max(1, len(overheads)), 1),
            "p50": _at(overheads, 0.50),
            "p99": _at(overheads, 0.99),
            "queued_pct": _percent(self.counts["queued"], requests),
            "rejected_pct": _percent(self.counts["rejected"], requests),
            "error_pct": _percent(self.counts["retried"] + self.counts["failed"], requests),
            "shed_pct": _percent(self.counts["shed"], requests + self.counts["shed"]),
            "moved_pct": _percent(self.counts["moved"], self.counts["renewed"]),
            "peak": max(map(self._peak, self.slots)),
            "asks_peak": max((each for at, each in self.asks.items() if at >= WARM_UP), default=0),
        }
        if scenario.liar:
            figures["captured_pct"] = _percent(self.where[scenario.liar], self.counts["served"])
        if scenario.cloud:
            figures["cloud_pct"] = _percent(self.where[CLOUD], self.counts["served"])
            figures["cloud_end"] = round(self.used[CLOUD][-1] * scenario.cloud / sum(SLOTS.values()), 3)
        for event in scenario.events:
            figures |= self._after(event)
        return figures

    def _after(self, event: Event) -> dict[str, float]:
        """What a death or a return came to."""
        if event.revive:
            back = [overhead for at, overhead in self.overheads if event.at <= at < event.at + JOINING]
            peak = self._peak(event.revive, event.at, event.at + JOINING)
            return {"rejoin_p99": _at(sorted(back), 0.99), "rejoin_peak": peak}
        return {"recover_s": self._recovered(event.at)}

    def _recovered(self, since: float) -> float:
        """Seconds from *since* until trouble was over for four steps."""
        first, last = int(since // STEP), max(self.steps)
        calm = (step for step in range(first, last - 3) if all(map(self._calm, range(step, step + 4))))
        return float(max(0.0, next(calm, last) * STEP - since))

    def _calm(self, step: int) -> bool:
        requests, troubled = self.steps[step]
        return troubled <= TROUBLE * requests

    def _peak(self, name: str, since: float = 0.0, until: float = 1e9) -> float:
        """Highest mean use of region *name* over `WINDOW`."""
        used = self.used[name]
        windows = range(int(since), int(min(len(used), until)) - WINDOW)
        return round(max((sum(used[at : at + WINDOW]) / WINDOW for at in windows), default=0.0), 3)


def _at(ordered: list[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 1) if ordered else 0.0


def _percent(part: float, whole: float) -> float:
    return round(100 * part / max(1, whole), 3)
