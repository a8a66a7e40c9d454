"""A level that changes by steps, and what it was on average of late: fed at each change, read at any time."""

import math
from dataclasses import dataclass

from node_agent.core.units import Instant, Seconds, between

SPAN = Seconds(1.0)
"""Age at which a moment counts 1/e. What is averaged is then 1 s old on average, and as smooth as a plain mean over 2
s, which is how often a router looks. It fades, instead of ending like a window: four numbers whatever the traffic is,
and the same answer however many routers ask, and however often."""

BEGINNING = Instant(0.0)


@dataclass(frozen=True, slots=True)
class Average:
    """A level now, its fading mean, and what it has summed up to.

    >>> Average().to(4.0, Instant(10.0)).mean(Instant(11.0))  # 0 for long, then 4 for a second
    2.5284822353142307
    """

    level: float = 0.0
    since: Instant = BEGINNING
    """When the level became what it is."""
    before: float = 0.0
    """The mean at that moment."""
    summed: float = 0.0
    """Level times seconds, up to that moment."""

    def mean(self, now: Instant) -> float:
        """The mean at *now*: between the least and the greatest that the level has been."""
        return self.level + (self.before - self.level) * math.exp(-between(self.since, now) / SPAN)

    def sum(self, now: Instant) -> float:
        """Level times seconds from the beginning to *now*; two of them tell the plain mean between two moments."""
        return self.summed + self.level * between(self.since, now)

    def to(self, level: float, now: Instant) -> "Average":
        """From *now* on the level is *level*."""
        return Average(level, now, self.mean(now), self.sum(now))
