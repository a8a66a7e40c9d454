"""The default: whoever starts answering first."""

from autorouter.core.candidate import Candidate
from autorouter.core.eligible import EligibleSet
from autorouter.core.policy import Price, cheapest


def rank(eligible: EligibleSet, price: Price) -> tuple[Candidate, ...]:
    """Order by time to start."""
    return cheapest(map(price, eligible.views), lambda each: each.time_to_start)
