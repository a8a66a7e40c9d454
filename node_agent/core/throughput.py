"""Throughput: how much work a model gets done, by how many requests it does at once; finished requests tell.

One that ran beside others tells the speed of them all: n at once that each need t per unit do n/t units a second.
"""

from dataclasses import dataclass, replace

from node_agent.core.units import Seconds

CHANGED = 1.35
"""Where the latest requests are this many times as fast, or as slow, as all at the same concurrency, something else
has changed. Requests that differ by 30 % from each other look so about once in a thousand times."""

LATEST = 12
"""Requests that are the latest, at least."""

LUCK = 2.0
"""A request counts as at most this many times as fast as usual. A slow one needs no bound: its speed is at worst
nothing, and one nothing among many is little."""


@dataclass(frozen=True, slots=True)
class Finished:
    """One request that was served to its end."""

    per_unit: Seconds
    """What a unit of its work took, above 0. For a chat that is a token: a long answer is not a slow one. All the
    time that it was served counts, or who runs alone would seem to do for nothing what is left out."""
    beside: float
    """Requests that ran meanwhile, on average, itself among them."""

    @property
    def rate(self) -> float:
        """Units a second, of all that ran."""
        return self.beside / self.per_unit


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen at one concurrency."""

    rate: float = 0.0
    """Units a second, of all that ran."""
    weight: float = 0.0
    """How many requests say so; those of long ago count for less than one."""
    lately: float = 0.0
    """The rate of the latest alone."""

    def fold(self, rate: float, latest: int) -> "Seen":
        """With one more request, of which the *latest* are the latest."""
        weight = self.weight + 1.0
        told = min(rate, LUCK * self.rate) if self.rate else rate
        lately = self.lately + (told - self.lately) / min(weight, latest)
        return Seen(self.rate + (told - self.rate) / weight, weight, lately)

    def faded(self, keep: float) -> "Seen":
        """The same, worth *keep* of what it was."""
        return replace(self, weight=self.weight * keep)

    @property
    def has_changed(self) -> bool:
        """True if the latest requests tell of another world than those before."""
        return not self.rate / CHANGED <= self.lately <= self.rate * CHANGED
