"""Steering policies. Each file holds one way of ordering candidates, best first.

To add one: write ``<name>.py`` with a function of the type `Policy` and name it below. The laws in
``tests/laws/test_policies.py`` hold for it at once. A policy accepts an `EligibleSet` and nothing else.
"""

from collections.abc import Mapping
from types import MappingProxyType

from autorouter.core.policies import lowest_latency, most_headroom, nearest
from autorouter.core.policy import Policy

POLICIES: Mapping[str, Policy] = MappingProxyType(
    {
        "lowest-latency": lowest_latency.rank,
        "most-headroom": most_headroom.rank,
        "nearest": nearest.rank,
    }
)
