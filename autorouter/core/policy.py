"""What a steering policy is: an order over what is eligible, once it is priced."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from autorouter.core.candidate import Candidate
from autorouter.core.eligible import EligibleSet
from autorouter.core.fleet import RegionView
from autorouter.core.units import Millis

Price = Callable[[RegionView], Candidate]
"""What one region would cost this client."""

Rank = Callable[[EligibleSet, Price], tuple[Candidate, ...]]
"""Every eligible region, best first."""

Clearly = Callable[[Candidate, Candidate], bool]
"""Whether the first is so much better than the second, where the client is, that it should move."""


class Policy(NamedTuple):
    """What is preferred, and by how much it has to be better for a client to be moved."""

    rank: Rank
    clearly: Clearly
    by_time: bool = False
    """Whether it is time that counts: then a client that was never anywhere is at home in the nearest region."""


TIE = Millis(0.5)
"""Steps in which prices count: two regions of one city would else send all their clients to one of them."""


def cheapest(candidates: Iterable[Candidate], price: Callable[[Candidate], Millis]) -> tuple[Candidate, ...]:
    """*candidates* by *price*; those on one step by lot, so that equals share their clients."""
    steps: dict[int, list[Candidate]] = {}
    for each in candidates:
        steps.setdefault(int(price(each) / TIE), []).append(each)
    ranked: list[Candidate] = []
    for step in sorted(steps):
        equals = steps[step]
        ranked += equals if len(equals) == 1 else sorted(equals, key=lambda each: each.lot)
    return tuple(ranked)
