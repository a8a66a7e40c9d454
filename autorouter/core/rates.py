"""How much load an assignment causes, in slots, by model.

Learned from all endpoints at once, by the median of what they report for each assignment they have: it takes half of
them to lie. It moves slowly, because it is a habit of clients and not a state of the fleet.
"""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from autorouter.core.assigned import ANY, Assigned
from autorouter.core.fleet import FleetSnapshot
from autorouter.core.names import ModelName
from autorouter.core.placement import Placement, placements

USUAL = 0.2
"""Until it was seen: a conversation thinks for longer than it asks."""

PRIOR = 10.0
"""Assignments that this guess counts as much as: a hundred that caused nothing say more."""

WEIGHT = 0.01
"""Of the newest rate, taken once a second: the last hundred seconds count. The first few count alike."""

FEWEST = 2.0
"""Assignments from which an endpoint says anything about the rate."""


Shown = tuple[float, float]
"""Slots taken, and the assignments that took them."""


class Learnt(NamedTuple):
    """A rate, and how often it was looked at."""

    rate: float = USUAL
    times: int = 0

    def towards(self, rate: float, assignments: float) -> "Learnt":
        """Nearer to *rate*, which so many *assignments* show."""
        believed = assignments / (assignments + PRIOR)
        weight = max(WEIGHT, believed / (self.times + 1))
        return Learnt(self.rate + weight * (rate - self.rate), self.times + 1)


class Rates:
    """Learns."""

    def __init__(self) -> None:
        self._learnt: dict[ModelName, Learnt] = {}

    def of(self, model: ModelName) -> float:
        """Slots that one more assignment of *model* loads."""
        return self._learnt.get(model, Learnt()).rate

    def learn(self, fleet: FleetSnapshot, assigned: Assigned, *, full: bool) -> None:
        """Move each model's rate towards what its endpoints show now.

        Until the books are *full*, clients whose answers are of an earlier life are in the reports and not in the
        books, so rates seem higher than they are, and only lower ones are believed: somebody who asks for routes to
        see what happens, a hundred times, is no load.
        """
        for model, shown in _shown(fleet, assigned, full=full).items():
            before = self._learnt.get(model, Learnt())
            rate = median(taken / assignments for taken, assignments in shown)
            if full or rate < before.rate:
                self._learnt[model] = before.towards(rate, sum(each for _, each in shown))


def _shown(fleet: FleetSnapshot, assigned: Assigned, *, full: bool) -> Mapping[ModelName, Sequence[Shown]]:
    """By model: what each endpoint reports, and its assignments; of books that fill up those that reports show."""
    shown: dict[ModelName, list[Shown]] = {}
    for placement in (each for view in fleet.regions for each in placements(view, frozenset())):
        for model, load in placement.loads.items():
            live, unseen = promised(assigned, placement, model)
            assignments = live if full else live - unseen
            if assignments >= FEWEST:
                shown.setdefault(model, []).append((load.taken, assignments))
    return shown


def promised(assigned: Assigned, placement: Placement, model: ModelName) -> tuple[float, float]:
    """What is assigned to *model* at *placement*, and what of it reports could not see yet.

    Of those who named no model it gets the part that it has of the load.
    """
    named, anyone, share = (placement.endpoint, model), (placement.endpoint, ANY), placement.shares[model]
    live = assigned.live(named) + share * assigned.live(anyone)
    return live, assigned.unseen(named) + share * assigned.unseen(anyone)
