"""Steering policies. Each file holds one way of ordering candidates, best first.

To add one: write ``<name>.py`` with a function of the type `Rank` and name it below. The laws in
``tests/laws/test_policies.py`` hold for it at once. A policy accepts an `EligibleSet` and nothing else.
"""

from collections.abc import Mapping
from types import MappingProxyType

from autorouter.core.incumbent import clearly_nearer, clearly_sooner
from autorouter.core.policies import lowest_latency, most_headroom, nearest
from autorouter.core.policy import Policy

POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "lowest-latency": Policy(lowest_latency.rank, clearly_sooner, by_time=True),
        "most-headroom": Policy(most_headroom.rank, most_headroom.clearly_roomier),
        "nearest": Policy(nearest.rank, clearly_nearer, by_time=True),
    }
)
