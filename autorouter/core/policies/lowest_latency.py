"""The default: whoever starts answering first."""

from autorouter.core.candidate import Candidate
from autorouter.core.eligible import EligibleSet
from autorouter.core.policy import Price


def rank(eligible: EligibleSet, price: Price) -> tuple[Candidate, ...]:
    """Order by time to start; ties by lot, so that equals share their clients."""
    return tuple(sorted(map(price, eligible.views), key=lambda c: (c.time_to_start, c.lot)))
