"""The limit: how many requests a model serves at once, found from what finished requests took.

What counts is throughput, never latency alone: a GPU writes each answer of a larger batch more slowly and still more
tokens a second, and then more at once is right. Where more at once gains next to nothing it only makes everybody
slower: a request is better off in the queue then, or on another node. So the `throughput` at each concurrency is
kept, as varying traffic shows it by itself; where nothing is known of a neighbour, and the limit is what holds
requests back, the neighbour is tried. It begins at what is configured, and stays there while that is fine, or nobody
presses.

To find it by measuring is the idea of TCP Vegas, Netflix's concurrency-limits and Envoy's adaptive concurrency. They
compare latency with the least ever seen, and would take a batch for a queue.
"""

import math
from dataclasses import dataclass, replace

from node_agent.core.throughput import LATEST, Finished, Seen
from node_agent.core.units import Instant, Seconds, between

WORTH = 0.2
"""What more concurrency must gain to be worth it, as a share of what it would gain if it slowed nobody: a tenth more
at once must bring a fiftieth more work. At 0 it would never stop, for noise always promises something; at 1/2 (that
is Kleinrock's power, throughput over latency) it would give up batches that still pay."""

CLEAR = 0.5
"""A gain of this share is beyond dispute: less concurrency need not be tried again soon."""

DOUBT = 0.15
"""How far requests differ from each other in speed. What few requests tell is discounted by it: a neighbour must be
better, not luckier."""

ROUNDS = 3
"""Before judging, as many requests as if all slots were emptied this often: one round began before the last move."""

FEW = 8
"""And never fewer than these."""

MEMORY = 16
"""After this many rounds a request counts 1/e. With it a neighbour is looked at again after 17 rounds or more."""

LIFE = Seconds(300.0)
"""After this long a request counts 1/e, too, and what was clear is looked at again: who shares the machine comes and
goes within minutes. Trying less costs a sixth of the throughput for three rounds, hence not more often."""


BEGINNING = Instant(0.0)


@dataclass(frozen=True, slots=True)
class Limit:
    """How many at once, and what is known of it. Begins at *most* with nothing known."""

    most: int
    """Configured: never more."""
    slots: int
    """At once, now."""
    seen: tuple[Seen, ...] = ()
    """By concurrency, from 1; empty while nothing is known."""
    at: Instant = BEGINNING
    """When a request last told something."""
    told: int = 0
    """Requests that told something since the last move; below 0 for those that are not believed any more."""
    clear: Instant | None = None
    """When concurrency was last seen to be clearly worth it."""

    def fold(self, done: Finished, now: Instant) -> "Limit":
        """The limit after one more request. It moves once in three rounds at most, and by a sixth where it tries."""
        here = min(self.most, max(1, round(done.beside)))
        seen = self._faded(now)
        seen[here - 1] = seen[here - 1].fold(done.rate, max(LATEST, 2 * here))
        if seen[here - 1].has_changed:
            return Limit(self.most, self.slots, at=now, told=-self.slots)
        noted = replace(self, seen=tuple(seen), at=now, told=self.told + 1)
        if noted.told < max(FEW, ROUNDS * self.slots):
            return noted
        return noted.judged(now, pressed=done.beside >= self.slots - 0.5)

    def _faded(self, now: Instant) -> list[Seen]:
        """What was seen, one request older and as many seconds as there were since the last."""
        requests = 1.0 - 1.0 / (MEMORY * max(4, self.slots))
        keep = requests * math.exp(-between(self.at, now) / LIFE)
        return [each.faded(keep) for each in self.seen or (Seen(),) * self.most]

    def judged(self, now: Instant, *, pressed: bool) -> "Limit":
        """Go where it is best of what is known; being there and *pressed* for more, look around."""
        known = self._known()
        if not known:
            return self
        highest = known[-1]
        best = max((each for each in known if each >= highest - _reach(highest)), key=self._value)
        if best > self.slots or best < min(self.slots, highest):
            return self._to(best)
        return self._looked(known, now) if pressed and self.slots in known else self

    def _looked(self, known: list[int], now: Instant) -> "Limit":
        """Try more if nothing is known of more; else less, unless more was clearly worth it."""
        more, less = min(self.most, self.slots + _step(self.slots)), max(1, self.slots - _step(self.slots))
        if known[-1] == self.slots < more:
            return self._to(more)
        if less in known:
            return replace(self, clear=now if less == self.slots or self._pays(less) else None)
        if self.clear is None or between(self.clear, now) > LIFE:
            return self._to(less)
        return self

    def _known(self) -> list[int]:
        """Concurrencies of which enough requests told, up to a little above the limit."""
        end = min(self.most, self.slots + _reach(self.slots))
        return [n for n, each in enumerate(self.seen[:end], 1) if each.weight >= max(4, n)]

    def _value(self, concurrency: int) -> float:
        """What a concurrency is worth: its throughput, less doubt, less what so many at once must gain."""
        seen = self.seen[concurrency - 1]
        return float(seen.rate * (1.0 - DOUBT / math.sqrt(seen.weight)) / concurrency**WORTH)

    def _pays(self, less: int) -> bool:
        gain = self.seen[self.slots - 1].rate / self.seen[less - 1].rate
        return bool(gain >= (self.slots / less) ** CLEAR)

    def _to(self, slots: int) -> "Limit":
        return replace(self, slots=slots, told=0)


def _step(slots: int) -> int:
    """How far away something is tried: wide enough to be told from noise."""
    return math.ceil(slots / 6)


def _reach(slots: int) -> int:
    """How far away something known is compared: beyond, too much may have changed since."""
    return math.ceil(slots / 3)
