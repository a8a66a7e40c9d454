"""How much load an assignment causes, in slots, by model.

Learned from all endpoints at once, by the median of what they report for each assignment they have: it takes half of
them to lie. It moves slowly, because it is a habit of clients and not a state of the fleet.
"""

from statistics import median

from autorouter.core.assigned import ANY, Assigned
from autorouter.core.fleet import FleetSnapshot
from autorouter.core.names import ModelName
from autorouter.core.placement import Placement, placements

USUAL = 0.2
"""Until it was seen: a conversation thinks for longer than it asks. Too little is mended by the reports; too much
would turn clients away from free slots."""

WEIGHT = 0.01
"""Of the newest rate, taken once a second: the last hundred seconds count. The first few count alike."""

FEWEST = 2.0
"""Assignments from which an endpoint says anything about the rate."""


class Rates:
    """Learns."""

    def __init__(self) -> None:
        self._rates: dict[ModelName, tuple[float, int]] = {}

    def of(self, model: ModelName) -> float:
        """Slots that one more assignment of *model* loads."""
        return self._rates.get(model, (USUAL, 0))[0]

    def learn(self, fleet: FleetSnapshot, assigned: Assigned) -> None:
        """Move each model's rate towards what its endpoints show now. The books have to be full."""
        shown: dict[ModelName, list[float]] = {}
        for placement in (each for view in fleet.regions for each in placements(view, frozenset())):
            for model, load in placement.loads.items():
                live, _ = promised(assigned, placement, model)
                if live >= FEWEST:
                    shown.setdefault(model, []).append(load.taken / live)
        for model, rates in shown.items():
            before, times = self._rates.get(model, (USUAL, 0))
            weight = max(WEIGHT, 1.0 / (times + 2))
            self._rates[model] = before + weight * (median(rates) - before), times + 1


def promised(assigned: Assigned, placement: Placement, model: ModelName) -> tuple[float, float]:
    """What is assigned to *model* at *placement*, and what of it reports could not see yet.

    Of those who named no model it gets the part that it has of the load.
    """
    named, anyone, share = (placement.endpoint, model), (placement.endpoint, ANY), placement.shares[model]
    live = assigned.live(named) + share * assigned.live(anyone)
    return live, assigned.unseen(named) + share * assigned.unseen(anyone)
