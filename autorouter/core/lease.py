"""How long an answer holds: short enough for the load to be steered, long enough not to be asked all the time.

It need not be shorter than it takes to notice a death: an answer carries alternates for that.
"""

from autorouter.core.candidate import Candidate
from autorouter.core.fleet import Health, Stage
from autorouter.core.names import Network
from autorouter.core.placement import lot
from autorouter.core.units import Seconds

UNSURE = Seconds(10.0)
"""For a region that is degraded, leaving, or has a failed probe outstanding, and for an endpoint that a held node
shares: ask again soon."""

JITTER = 0.1
"""Answers given at one moment lapse over this share of the lease around it, so that clients don't march in step."""


def lease(chosen: Candidate, network: Network | None, revision: int, usual: Seconds) -> Seconds:
    """How long the answer *chosen* holds, in whole seconds."""
    if unsure(chosen):
        return Seconds(min(UNSURE, usual))
    drawn = int.from_bytes(lot(network, str(revision))[:4]) / 0xFFFFFFFF
    return Seconds(max(1.0, round(usual * (1 - JITTER + 2 * JITTER * drawn))))


def longest(usual: Seconds) -> Seconds:
    """How long an answer may hold at most."""
    return Seconds(usual * (1 + JITTER))


def unsure(chosen: Candidate) -> bool:
    """Whether the region's state may change before an ordinary lease would lapse."""
    nodes, behind = chosen.view.nodes, chosen.placement.nodes
    at_stake = [view for view in nodes if view.node.name in behind]
    shared = not all(view.node.endpoint for view in at_stake)
    if shared and any(view.holds for view in nodes if not view.node.endpoint):
        return True  # whoever balances there may not know yet that one of them takes no new clients
    shaky = any(view.doubted or view.draining or view.health is not Health.UP for view in at_stake)
    return shaky or chosen.view.region.stage is not Stage.ACTIVE
