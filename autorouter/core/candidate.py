"""An eligible region with what it would cost this client, in milliseconds."""

from dataclasses import dataclass

from autorouter.core.fleet import RegionView
from autorouter.core.latency.estimate import Estimate
from autorouter.core.placement import Placement
from autorouter.core.units import Millis


@dataclass(frozen=True, slots=True)
class Candidate:
    """A region that may answer, priced for one client."""

    view: RegionView
    placement: Placement
    estimate: Estimate
    lot: bytes
    """What the region drew for this client's network: breaks ties evenly over networks."""
    abroad: bool = False
    """Outside the client's country although it prefers to stay: ranked after all that are not."""

    @property
    def wait(self) -> Millis:
        """Expected queue before it starts."""
        return self.placement.load.wait

    @property
    def time_to_start(self) -> Millis:
        """Round trip plus queue: what the client will feel."""
        return Millis(self.estimate.rtt + self.wait)
