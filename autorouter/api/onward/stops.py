"""Where a request may be sent on to, in order; nothing but what regions.yaml says exists."""

from collections.abc import Sequence
from dataclasses import dataclass

from autorouter.core.candidate import Candidate
from autorouter.core.decide import Decision
from autorouter.core.fleet import FleetSnapshot, Health, Node, NodeView, Region, Stage
from autorouter.core.names import NodeName

MOST = 3
"""Regions that one request is offered to; after that the client's own tries begin anew."""


@dataclass(frozen=True, slots=True)
class Stop:
    """One endpoint."""

    region: str
    endpoint: str
    nodes: tuple[str, ...]
    """Those behind it."""
    allow_private: bool


def stops(decision: Decision) -> Sequence[Stop]:
    """The best few, best first."""
    return tuple(map(_stop, decision.ranked[:MOST]))


def _stop(candidate: Candidate) -> Stop:
    placed, region = candidate.placement, candidate.view.region
    return Stop(region.name, placed.endpoint, placed.nodes, region.allow_private)


def is_down(fleet: FleetSnapshot, stop: Stop) -> bool:
    """Whether every node behind *stop* was found down, or is there no more."""
    view = fleet.by_name.get(stop.region.lower())
    health = {} if view is None else {node.node.name: node.health for node in view.nodes}
    return all(health.get(NodeName(name), Health.DOWN) is Health.DOWN for name in stop.nodes)


def is_open(fleet: FleetSnapshot, stop: Stop) -> bool:
    """Whether *stop* still takes new clients: its region may be held, moved or gone since the decision."""
    view = fleet.by_name.get(stop.region.lower())
    if view is None or view.region.stage is not Stage.ACTIVE:
        return False

    def is_behind(node: NodeView) -> bool:
        return node.node.name in stop.nodes and (node.node.endpoint or view.region.endpoint) == stop.endpoint

    return any(map(is_behind, view.serving))


def stop_of_node(fleet: FleetSnapshot, name: str) -> Stop | None:
    """The node called *name*, whether it takes new clients or not; None if there is none."""
    there = ((view.region, node.node) for view in fleet.regions for node in view.nodes)
    return next((_at(region, node) for region, node in there if node.name == name), None)


def _at(region: Region, node: Node) -> Stop:
    return Stop(region.name, node.endpoint or region.endpoint, (node.name,), region.allow_private)
