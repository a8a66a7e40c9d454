"""What regions.yaml says, as values: everything that an operator decides and no observation changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from autorouter.core.address import Block
from autorouter.core.fleet import Node, Region
from autorouter.core.names import NodeName
from autorouter.core.networks import KnownNetwork
from autorouter.core.units import Millis, Seconds


@dataclass(frozen=True)
class Catalog:
    """The fleet as it was drawn up, and how to steer it. Reloaded whole or not at all."""

    regions: tuple[Region, ...]
    policy: str = "lowest-latency"
    """A key of `autorouter.core.policies.POLICIES`."""
    networks: tuple[KnownNetwork, ...] = ()
    trusted_proxies: tuple[Block, ...] = ()
    probe_every: Seconds = Seconds(2.0)
    ttl: Seconds = Seconds(60.0)
    budget: Millis = Millis(300.0)
    """Time to start within which an answer counts as good in the metrics: a conversation's patience."""

    @cached_property
    def nodes(self) -> Mapping[NodeName, tuple[Region, Node]]:
        """Every node by name, with its region."""
        return {node.name: (region, node) for region in self.regions for node in region.nodes}
