"""The default: whoever starts answering first."""

from autorouter.core.candidate import Candidate
from autorouter.core.policy import Price
from autorouter.core.sift import EligibleSet


def rank(eligible: EligibleSet, price: Price) -> tuple[Candidate, ...]:
    """Order by time to start; ties by lot, so that equals share their clients."""
    return tuple(sorted(map(price, eligible.views), key=lambda c: (c.time_to_start, c.lot)))
