"""An eligible region with what it would cost this client, in milliseconds."""

from typing import NamedTuple

from autorouter.core.fleet import RegionView
from autorouter.core.latency.belief import Estimate
from autorouter.core.names import Network
from autorouter.core.placement import Placed, lot
from autorouter.core.units import Millis


class Candidate(NamedTuple):
    """A region that may answer, priced for one client."""

    view: RegionView
    placement: Placed
    estimate: Estimate
    network: Network | None = None
    """The client's."""
    abroad: bool = False
    """Outside the client's country although it prefers to stay: ranked after all that are not."""

    @property
    def wait(self) -> Millis:
        """Expected before it starts: its queue, and the load of what is cold."""
        return self.placement.wait

    @property
    def time_to_start(self) -> Millis:
        """Round trip plus wait: what the client will feel."""
        return Millis(self.estimate.rtt + self.wait)

    @property
    def lot(self) -> bytes:
        """What the region drew for this client's network: breaks ties evenly over networks."""
        return lot(self.network, self.view.region.name)
