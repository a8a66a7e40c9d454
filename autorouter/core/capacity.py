"""From gauges to room and wait. Counting the load that cached answers will cause grows here."""

from collections.abc import Iterable
from dataclasses import dataclass

from autorouter.core.fleet import ModelLoad
from autorouter.core.query import Priority
from autorouter.core.units import Millis, Share

FULL_AT = {Priority.INTERACTIVE: Share(1.0), Priority.BATCH: Share(0.85)}
"""Share of the slots at which a region counts as full. Batch callers leave the last slots to conversations."""


@dataclass(frozen=True, slots=True)
class Load:
    """How busy something is: slots, requests in them, requests waiting for them, mean time in one."""

    slots: float
    """Above 0: what has no slot cannot be had, so its load is nobody's question."""
    busy: float
    queued: float
    service: Millis

    @property
    def headroom(self) -> Share:
        """Free share of the slots.

        >>> Load(4, 3, 0, Millis(100)).headroom
        0.25
        """
        return Share(max(0.0, 1.0 - (self.busy + self.queued) / self.slots))

    @property
    def wait(self) -> Millis:
        """Expected wait before one more request starts: none while a slot is free, then one service per round.

        >>> Load(2, 2, 1, Millis(300)).wait
        300.0
        """
        ahead = self.busy + self.queued - self.slots + 1
        return Millis(max(0.0, ahead) * self.service / self.slots)

    def full(self, concurrency: int, priority: Priority) -> bool:
        """Whether *concurrency* more requests at once would find no slot."""
        return self.busy + self.queued + concurrency > self.slots * FULL_AT[priority]


def load_of(model: ModelLoad) -> Load:
    """How busy one model on one node is."""
    return Load(model.slots, model.busy, model.queued, model.service)


def tightest(loads: Iterable[Load]) -> Load:
    """The one of *loads* (not empty) that has least room: a pipeline is as busy as its busiest part."""
    return min(loads, key=lambda each: (each.headroom, -each.wait))


def total(loads: Iterable[Load]) -> Load:
    """All of *loads* (not empty) as one; the mean service weighted by slots."""
    every = tuple(loads)
    if len(every) == 1:
        return every[0]
    slots = sum(each.slots for each in every)
    service = sum(each.service * each.slots for each in every) / slots
    return Load(slots, sum(e.busy for e in every), sum(e.queued for e in every), Millis(service))
