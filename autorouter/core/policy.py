"""What a steering policy is: an order over what is eligible, once it is priced."""

from collections.abc import Callable

from autorouter.core.candidate import Candidate
from autorouter.core.eligible import EligibleSet
from autorouter.core.fleet import RegionView

Price = Callable[[RegionView], Candidate]
"""What one region would cost this client."""

Policy = Callable[[EligibleSet, Price], tuple[Candidate, ...]]
"""Every eligible region, best first."""
