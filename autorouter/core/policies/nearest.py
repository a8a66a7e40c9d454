"""What every redirector does, to be compared with: the shortest round trip, whatever the queue."""

from autorouter.core.candidate import Candidate
from autorouter.core.eligible import EligibleSet
from autorouter.core.policy import Price


def rank(eligible: EligibleSet, price: Price) -> tuple[Candidate, ...]:
    """Order by round trip alone, then by lot."""
    return tuple(sorted(map(price, eligible.views), key=lambda c: (c.estimate.rtt, c.lot)))
