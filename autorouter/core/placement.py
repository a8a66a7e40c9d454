"""Where inside a region a client can be put: which endpoint reaches which nodes, and how busy those are.

A node with an endpoint of its own can be aimed at. Nodes without one stand behind their region's endpoint, and
nobody knows which of them will answer: that endpoint counts only if every healthy node behind it holds all that
was asked for, and none is in quarantine.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from hashlib import blake2b
from statistics import fmean
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
    """What each model has there that can be had, as reported; of what is new, as far as it is good already."""
    slots: Mapping[ModelName, float]
    """All that each model has there, be it new: that is where to send clients first, not how many to send away."""
    loading: Millis = Millis(0.0)
    """Expected time until all that was asked for is loaded."""

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
    """Expected before it starts: its queue, and the load of what is cold."""
    full: bool
    """No room for it."""
    more: float
    """Slots that it is expected to load."""
    weight: float = 1.0
    """Of the client, in ordinary ones."""
    loading: Millis = Millis(0.0)
    """The part of the wait that is the load of what is cold."""


@lru_cache(maxsize=MOST_REMEMBERED)
def placements(view: RegionView, models: frozenset[ModelName]) -> tuple[Placement, ...]:
    """Every endpoint of *view* behind which all *models* can be had on one node.

    A degraded node is aimed at only when no sound one has them.
    """
    own = [node for node in view.serving if node.node.endpoint and _holds(view, node, models)]
    sound = [node for node in own if node.health is Health.UP] or own
    found = [_placement(view, node.node.endpoint or "", (node,), models) for node in sound]
    shared = tuple(node for node in view.serving if not node.node.endpoint)
    infected = any(node.quarantined for node in view.nodes if not node.node.endpoint)
    if shared and not infected and all(_holds(view, node, models) for node in shared):
        found.append(_placement(view, view.region.endpoint, shared, models))
    return tuple(found)


def _placement(
    view: RegionView, endpoint: str, nodes: tuple[NodeView, ...], models: frozenset[ModelName]
) -> Placement:
    loads: dict[ModelName, list[ModelLoad]] = {}
    for node in nodes:
        for name in usable(view, node, models):
            loads.setdefault(name, []).append(node.models[name])
    names = tuple(node.node.name for node in nodes)
    warm = {name: total(map(_load, each)) for name, each in loads.items()}
    slots = {name: sum(e.slots for e in each) for name, each in loads.items()}
    return Placement(endpoint, names, models, warm, slots, _loading(view, nodes, models))


def _loading(view: RegionView, nodes: tuple[NodeView, ...], models: frozenset[ModelName]) -> Millis:
    """How long the load of *models* is expected to take on one of *nodes*, and nobody knows on which.

    One node loads them side by side; of those who name none, the first that is there will do.
    """
    each = [[0.0 if m.ready else m.loading for m in _those(view, node, models)] for node in nodes]
    return Millis(fmean(max(times) if models else min(times) for times in each))


def _those(view: RegionView, node: NodeView, models: frozenset[ModelName]) -> Iterable[ModelLoad]:
    return (node.models[name] for name in models or usable(view, node, models))


def _load(model: ModelLoad) -> Load:
    """What one model on one node has, as far as the node is good for it already: one slot at least."""
    return Load(max(1.0, model.slots * model.warm), model.taken, model.service)


def lot(network: Network | None, name: str) -> bytes:
    """What *name* drew for *network*: rendezvous hashing, so that ties are shared evenly and every router agrees."""
    return blake2b(f"{network}|{name}".encode(), digest_size=8).digest()


def _holds(view: RegionView, node: NodeView, models: frozenset[ModelName]) -> bool:
    """Whether *node* can have all of *models*; any one will do where none is named."""
    there = usable(view, node, models)
    return models <= there if models else bool(there)


def usable(view: RegionView, node: NodeView, models: frozenset[ModelName]) -> frozenset[ModelName]:
    """The models that are ready on *node* and that its region may serve, and of those asked for the cold ones.

    What is cold counts for those alone who ask for it: not all that is can be loaded at once. Where nothing is ready
    it is better than nothing, for who names none.
    """
    may = view.region.models
    granted = [each for each in node.models.values() if each.slots and (may is None or each.name in may)]
    ready = frozenset(each.name for each in granted if each.ready)
    cold = frozenset(each.name for each in granted if each.loadable)
    return ready | (models & cold) if models or ready else cold
