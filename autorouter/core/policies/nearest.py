"""What every redirector does, to be compared with: the shortest round trip, whatever the queue."""

from autorouter.core.candidate import Candidate
from autorouter.core.eligible import EligibleSet
from autorouter.core.policy import Price, cheapest


def rank(eligible: EligibleSet, price: Price) -> tuple[Candidate, ...]:
    """Order by round trip alone."""
    return cheapest(map(price, eligible.views), lambda each: each.estimate.rtt)
