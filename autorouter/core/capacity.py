"""From slots and the load on them to room and wait."""

from collections.abc import Iterable
from math import sqrt
from typing import NamedTuple

from autorouter.core import erlang
from autorouter.core.query import Priority
from autorouter.core.units import Millis, Seconds, Share

FULL_AT = {Priority.INTERACTIVE: Share(1.0), Priority.BATCH: Share(0.85)}
"""Share of the slots at which a region counts as full. Batch callers leave the last slots to conversations."""

COLD = Share(0.1)
"""Share of its slots that a node is taken to have when it has just come, or come back …"""

WARM_AFTER = Seconds(60.0)
"""… growing to all of them in this time: a cold node is slow, and all clients at once would find it so."""

SMOOTHED = Seconds(15.0)
"""Reports of load count for about this long: one alone is a moment, and whoever follows moments chases noise."""

SWING = 0.6
"""Standard deviations of a load that its wait is priced with more than is there: it will swing while an answer
holds, and what it costs above its mean is more than what it saves below. With 0, moves halved and the longest wait of
a hundred grew by a third; from 0.8 on, moves doubled and it grew again."""

USUAL_SERVICE = Millis(1000.0)
"""What a request is taken to hold its slot for until one has."""


class Load(NamedTuple):
    """How busy something is: slots, requests at once on them (served or waiting), mean time in a slot."""

    slots: float
    """Above 0: what has no slot cannot be had, so its load is nobody's question."""
    taken: float
    service: Millis

    @property
    def headroom(self) -> Share:
        """Free share of the slots.

        >>> Load(4, 3, Millis(100)).headroom
        0.25
        """
        return Share(max(0.0, 1.0 - self.taken / self.slots))

    def wait(self, priority: Priority = Priority.INTERACTIVE) -> Millis:
        """Expected wait in front of this load, which is taken to swing like independent arrivals."""
        there = self.taken + SWING * sqrt(self.taken)
        return Millis(erlang.wait(self.slots * FULL_AT[priority], there) * (self.service or USUAL_SERVICE))

    def full(self, priority: Priority = Priority.INTERACTIVE) -> bool:
        """Whether more is taken than there are slots for *priority*."""
        return self.taken > self.slots * FULL_AT[priority]


def warmth(age: Seconds) -> Share:
    """Share of its slots that something is good for, *age* after it came.

    >>> warmth(Seconds(0.0)), warmth(Seconds(30.0)), warmth(Seconds(90.0))
    (0.1, 0.55, 1.0)
    """
    return Share(min(1.0, COLD + (1.0 - COLD) * max(0.0, age) / WARM_AFTER))


def tightest(loads: Iterable[Load]) -> Load:
    """The one of *loads* (not empty) that has least room: a pipeline is as busy as its busiest part."""
    return min(loads, key=lambda each: ((each.slots - each.taken) / each.slots, each.slots))


def total(loads: Iterable[Load]) -> Load:
    """All of *loads* (not empty) as one; the mean service weighted by slots."""
    every = tuple(loads)
    if len(every) == 1:
        return every[0]
    slots = sum(each.slots for each in every)
    service = sum(each.service * each.slots for each in every) / slots
    return Load(slots, sum(each.taken for each in every), Millis(service))
