"""For fleets that serve batch work: whoever has most room."""

from autorouter.core.candidate import Candidate
from autorouter.core.eligible import EligibleSet
from autorouter.core.policy import Price


def rank(eligible: EligibleSet, price: Price) -> tuple[Candidate, ...]:
    """Order by free share of capacity, then by time to start, then by lot."""
    priced = map(price, eligible.views)
    return tuple(sorted(priced, key=lambda c: (-c.placement.load.headroom, c.time_to_start, c.lot)))
