"""Where inside a region a client can be put: which endpoint reaches which nodes, and how busy those are.

A node with an endpoint of its own can be aimed at. Nodes without one stand behind their region's endpoint, and
nobody knows which of them will answer: that endpoint counts only if every healthy node behind it holds all that
was asked for.
"""

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from autorouter.core.capacity import Load, load_of, tightest, total
from autorouter.core.fleet import NodeView, RegionView
from autorouter.core.names import ModelName, Network, NodeName
from autorouter.core.query import RouteQuery

MOST_REMEMBERED = 4096
"""Answers of `placements` kept: sieves and prices ask for the same one, and so do queries between two snapshots."""


@dataclass(frozen=True, slots=True)
class Placement:
    """One endpoint that can serve a query, and the nodes behind it."""

    endpoint: str
    nodes: tuple[NodeName, ...]
    load: Load


@lru_cache(maxsize=MOST_REMEMBERED)
def placements(view: RegionView, models: frozenset[ModelName]) -> tuple[Placement, ...]:
    """Every endpoint of *view* behind which all *models* are ready on one node."""
    own = [node for node in view.serving if node.node.endpoint]
    shared = [node for node in view.serving if not node.node.endpoint]
    found = [
        Placement(node.node.endpoint or "", (node.node.name,), _load(view, node, models))
        for node in own
        if _holds(view, node, models)
    ]
    if shared and all(_holds(view, node, models) for node in shared):
        names = tuple(node.node.name for node in shared)
        found.append(Placement(view.region.endpoint, names, total(_load(view, node, models) for node in shared)))
    return tuple(found)


def place(found: tuple[Placement, ...], query: RouteQuery) -> Placement:
    """The placement of *found* (not empty) that has room and the least wait; ties shared out by network."""
    if len(found) == 1:
        return found[0]

    def price(each: Placement) -> tuple[bool, float, bytes]:
        full = each.load.full(query.concurrency, query.priority)
        return full, each.load.wait, lot(query.client.network, each.endpoint)

    return min(found, key=price)


def lot(network: Network | None, name: str) -> bytes:
    """What *name* drew for *network*: rendezvous hashing, so that ties are shared evenly and every router agrees."""
    return blake2b(f"{network}|{name}".encode(), digest_size=8).digest()


def _load(view: RegionView, node: NodeView, models: frozenset[ModelName]) -> Load:
    """How busy *node* is for someone who needs *models*: the tightest, or all it may serve if none is named."""
    loads = [load_of(node.models[name]) for name in models or usable(view, node)]
    return tightest(loads) if models else total(loads)


def _holds(view: RegionView, node: NodeView, models: frozenset[ModelName]) -> bool:
    """Whether *node* has all of *models* ready; any one will do where none is named."""
    ready = usable(view, node)
    return models <= ready if models else bool(ready)


def usable(view: RegionView, node: NodeView) -> frozenset[ModelName]:
    """The models that are ready on *node* and that its region may serve."""
    ready = frozenset(each.name for each in node.models.values() if each.ready and each.slots)
    return ready if view.region.models is None else ready & view.region.models
