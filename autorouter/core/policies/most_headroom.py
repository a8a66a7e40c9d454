"""For fleets that serve batch work: whoever has most room."""

from autorouter.core.candidate import Candidate
from autorouter.core.eligible import EligibleSet
from autorouter.core.policy import Price
from autorouter.core.units import Share

ROOMIER = Share(0.1)
"""Of the capacity: less is what a few requests make."""


def rank(eligible: EligibleSet, price: Price) -> tuple[Candidate, ...]:
    """Order by free share of capacity, then by time to start, then by lot."""
    priced = map(price, eligible.views)
    return tuple(sorted(priced, key=lambda c: (-_room(c), c.time_to_start, c.lot)))


def clearly_roomier(best: Candidate, here: Candidate) -> bool:
    """Whether *best* has so much more room that a client of *here* should move."""
    return _room(best) > _room(here) + ROOMIER


def _room(candidate: Candidate) -> Share:
    """The free share of what is there. Where nothing is loaded everything is free, and there is nothing to use."""
    return Share(0.0) if candidate.placement.loading else candidate.placement.load.headroom
