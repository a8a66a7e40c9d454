"""Where inside a region a client can be put: which endpoint reaches which nodes, and how busy those are.

A node with an endpoint of its own can be aimed at. Nodes without one stand behind their region's endpoint, and
nobody knows which of them will answer: that endpoint counts only if every healthy node behind it holds all that
was asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from typing import NamedTuple

from autorouter.core.capacity import Load, total
from autorouter.core.fleet import Health, ModelLoad, NodeView, RegionView
from autorouter.core.names import ModelName, Network, NodeName
from autorouter.core.units import Millis, Share

MOST_REMEMBERED = 4096
"""Answers of `placements` kept: sieves and prices ask for the same one, and so do queries between two snapshots."""


@dataclass(frozen=True, eq=False)
class Placement:
    """One endpoint that can serve a query, and the nodes behind it. Compared by identity, like the view it is of."""

    endpoint: str
    nodes: tuple[NodeName, ...]
    models: frozenset[ModelName]
    """Those that were asked for; empty for none in particular."""
    loads: Mapping[ModelName, Load]
    """What each model has there that can be had, as reported; of what is cold, as far as it is good already."""
    slots: Mapping[ModelName, float]
    """All that each model has there, be it cold: that is where to send clients first, not how many to send away."""

    @cached_property
    def shares(self) -> Mapping[ModelName, Share]:
        """Each model's part of the load; of the slots where there is none."""
        taken = sum(load.taken for load in self.loads.values())
        slots = sum(load.slots for load in self.loads.values())
        return {name: Share(load.taken / taken if taken else load.slots / slots) for name, load in self.loads.items()}


class Placed(NamedTuple):
    """A placement, and what one client would find there."""

    endpoint: str
    nodes: tuple[NodeName, ...]
    load: Load
    """With everything that was promised, the client itself included."""
    wait: Millis
    """Expected queue before it starts."""
    full: bool
    """No room for it."""
    more: float
    """Slots that it is expected to load."""
    weight: float = 1.0
    """Of the client, in ordinary ones."""


@lru_cache(maxsize=MOST_REMEMBERED)
def placements(view: RegionView, models: frozenset[ModelName]) -> tuple[Placement, ...]:
    """Every endpoint of *view* behind which all *models* are ready on one node.

    A degraded node is aimed at only when no sound one has them.
    """
    own = [node for node in view.serving if node.node.endpoint and _holds(view, node, models)]
    sound = [node for node in own if node.health is Health.UP] or own
    found = [_placement(view, node.node.endpoint or "", (node,), models) for node in sound]
    shared = tuple(node for node in view.serving if not node.node.endpoint)
    if shared and all(_holds(view, node, models) for node in shared):
        found.append(_placement(view, view.region.endpoint, shared, models))
    return tuple(found)


def _placement(
    view: RegionView, endpoint: str, nodes: tuple[NodeView, ...], models: frozenset[ModelName]
) -> Placement:
    loads: dict[ModelName, list[ModelLoad]] = {}
    for node in nodes:
        for name in usable(view, node):
            loads.setdefault(name, []).append(node.models[name])
    names = tuple(node.node.name for node in nodes)
    warm = {name: total(map(_load, each)) for name, each in loads.items()}
    return Placement(
        endpoint, names, models, warm, {name: sum(e.slots for e in each) for name, each in loads.items()}
    )


def _load(model: ModelLoad) -> Load:
    """What one model on one node has, as far as it is warm: one slot at least."""
    return Load(max(1.0, model.slots * model.warm), model.taken, model.service)


def lot(network: Network | None, name: str) -> bytes:
    """What *name* drew for *network*: rendezvous hashing, so that ties are shared evenly and every router agrees."""
    return blake2b(f"{network}|{name}".encode(), digest_size=8).digest()


def _holds(view: RegionView, node: NodeView, models: frozenset[ModelName]) -> bool:
    """Whether *node* has all of *models* ready; any one will do where none is named."""
    ready = usable(view, node)
    return models <= ready if models else bool(ready)


def usable(view: RegionView, node: NodeView) -> frozenset[ModelName]:
    """The models that are ready on *node* and that its region may serve."""
    ready = frozenset(each.name for each in node.models.values() if each.ready and each.slots)
    return ready if view.region.models is None else ready & view.region.models
