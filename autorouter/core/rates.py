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

GUESSED = 10
"""Looks from which a rate is more than a guess."""

CONFIRMED = 2.0
"""Times what all endpoints together show, that a rate is believed; a guess is believed just as far. Who asks for
routes a hundred times, to see what happens, must not be taken for a hundred callers."""

WEIGHT = 0.01
"""Of the newest rate, taken once a second: the last hundred seconds count. The first few count alike."""

FEWEST = 2.0
"""Assignments from which an endpoint says anything about the rate."""

Point = tuple[float, float, float]
"""Slots taken at an endpoint, the assignments there, and those of them that reports show by now."""


class Learnt(NamedTuple):
    """A rate, how often it was looked at, and what the whole fleet shows now."""

    rate: float = USUAL
    times: int = 0
    shown: float = USUAL

    @property
    def believed(self) -> float:
        """The rate to count with: one who asks for one thing at a time loads one slot at most."""
        return min(self.rate, self.shown if self.times < GUESSED else CONFIRMED * self.shown, 1.0)

    def towards(self, rate: float) -> "Learnt":
        """Nearer to *rate*."""
        weight = max(WEIGHT, 1.0 / (self.times + 2))
        return self._replace(rate=self.rate + weight * (rate - self.rate), times=self.times + 1)


NEW = Learnt()


class Rates:
    """Learns."""

    def __init__(self) -> None:
        self._learnt: dict[ModelName, Learnt] = {}

    def of(self, model: ModelName) -> float:
        """Slots that one more assignment of *model* loads."""
        return self._learnt.get(model, NEW).believed

    def learn(self, fleet: FleetSnapshot, assigned: Assigned, *, full: bool) -> None:
        """Move each model's rate towards what its endpoints show now.

        Until the books are *full*, clients whose answers are of an earlier life are in the reports and not in the
        books, so rates seem higher than they are.
        """
        for model, known in self._learnt.items():
            self._learnt[model] = known._replace(rate=known.rate / assigned.grown)
        for model, shown in _shown(fleet, assigned).items():
            seen = sum(each for _, _, each in shown)
            all_in_all = sum(taken for taken, _, _ in shown) / max(FEWEST, seen)
            known = self._learnt.get(model, NEW)._replace(shown=all_in_all)
            rates = [taken / live for taken, live, _ in shown if live >= FEWEST]
            self._learnt[model] = known.towards(median(rates)) if full and rates else known


def _shown(fleet: FleetSnapshot, assigned: Assigned) -> Mapping[ModelName, Sequence[Point]]:
    """By model: what each endpoint shows."""
    shown: dict[ModelName, list[Point]] = {}
    for placement in (each for view in fleet.regions for each in placements(view, frozenset())):
        for model, load in placement.loads.items():
            live, unseen = promised(assigned, placement, model)
            shown.setdefault(model, []).append((load.taken, live, live - unseen))
    return shown


def promised(assigned: Assigned, placement: Placement, model: ModelName) -> tuple[float, float]:
    """What is assigned to *model* at *placement*, and what of it reports could not see yet.

    Of those who named no model it gets the part that it has of the load.
    """
    named, anyone, share = (placement.endpoint, model), (placement.endpoint, ANY), placement.shares[model]
    live = assigned.live(named) + share * assigned.live(anyone)
    return live, assigned.unseen(named) + share * assigned.unseen(anyone)
