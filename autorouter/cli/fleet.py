"""What `regions` and `models` make of ``GET /v1/regions``: which regions are as they should be, what room is left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from autorouter.cli.asking import Told
from autorouter.core.words import span
from autorouter.wire.base import Wire
from autorouter.wire.fleet import ModelSeen, NodeSeen, RegionsAnswer, RegionSeen

Group = Literal["ill", "held", "well", "planned"]
"""``held``: takes no new clients, and somebody wants it so."""

SERVING = frozenset({"up", "degraded"})


class Hold(Wire):
    """An operator's word that a region or node takes no new clients."""

    target: str
    kind: str
    by: str
    reason: str
    since: float
    until: float | None = None

    def __str__(self) -> str:
        return f"{self.kind} of {self.target} by {self.by}: {self.reason}"


class Held(Wire):
    """What holds one node."""

    holds: tuple[Hold, ...] = ()


class RegionHeld(Held):
    """What holds a region, and its nodes."""

    nodes: tuple[Held, ...] = ()


class FleetHeld(Wire):
    """The holds in ``GET /v1/regions``, read apart from the rest: routers that know of none do not tell them."""

    regions: tuple[RegionHeld, ...]


@dataclass(frozen=True, slots=True)
class Region:
    """One region as a screen needs it."""

    seen: RegionSeen
    held: RegionHeld

    @property
    def holds(self) -> tuple[Hold, ...]:
        """On it and on its nodes."""
        return self.held.holds + tuple(hold for node in self.held.nodes for hold in node.holds)

    @property
    def group(self) -> Group:
        """Where it belongs on a screen."""
        if self.seen.stage == "planned":
            return "planned"
        if self.seen.stage != "active" or self.held.holds or self._all_nodes_held:
            return "held"
        return "well" if all(self._fine(i) for i in range(len(self.seen.nodes))) else "ill"

    @property
    def _all_nodes_held(self) -> bool:
        return bool(self.held.nodes) and all(node.holds for node in self.held.nodes)

    def _fine(self, i: int) -> bool:
        """Whether the *i*-th node is up, or is not meant to be."""
        return self.seen.nodes[i].health == "up" or bool(self.held.nodes[i].holds)

    @property
    def state(self) -> str:
        """One or two words."""
        if self.seen.stage != "active":
            return self.seen.stage
        if self.group == "held":
            return (self.held.holds or self.holds)[0].kind
        up = sum(each.health == "up" for each in self.seen.nodes)
        part = f", {up} of {len(self.seen.nodes)} nodes up" if 1 <= up < len(self.seen.nodes) else ""
        return self.seen.health + part

    @property
    def why(self) -> str:
        """Why it is not well, or who wants it so."""
        staged = "" if self.seen.stage == "active" else "in regions.yaml"
        return "; ".join(filter(None, [staged, *map(str, self.holds), *self._reasons()]))

    def _reasons(self) -> Sequence[str]:
        """What is wrong with its nodes, alike ones together; without names if there is but one node."""
        alike: dict[str, list[str]] = {}
        for node in self.seen.nodes:
            if reason := node.reason or ("draining, as it says itself" if node.draining else ""):
                alike.setdefault(reason, []).append(node.node)
        if len(self.seen.nodes) == 1:
            return tuple(alike)
        return [f"{', '.join(names)}: {reason}" for reason, names in alike.items()]

    @property
    def since(self) -> str:
        """How long it has been so."""
        known = [each.since_s_ago for each in self.seen.nodes if each.since_s_ago is not None]
        return span(min(known)) if known else "-"

    @property
    def taking(self) -> tuple[NodeSeen, ...]:
        """Its nodes that take new clients."""
        if self.group in {"held", "planned"}:
            return ()
        pairs = zip(self.seen.nodes, self.held.nodes, strict=True)
        return tuple(node for node, held in pairs if node.health in SERVING and not node.draining and not held.holds)

    def room(self) -> dict[str, "Room"]:
        """What is left of each model, on the nodes that take new clients."""
        found: dict[str, Room] = {}
        for model in (each for node in self.taking for each in node.models):
            found[model.model] = found.get(model.model, Room()).plus(model)
        return found


@dataclass(frozen=True, slots=True)
class Room:
    """The slots of one model, of those that are ready, and its states."""

    slots: int = 0
    taken: float = 0.0
    states: tuple[str, ...] = ()

    def plus(self, model: ModelSeen) -> "Room":
        """With what one more node has."""
        if model.state == "ready":
            return Room(self.slots + model.slots, self.taken + model.busy + model.queued, (*self.states, "ready"))
        return Room(self.slots, self.taken, (*self.states, model.state))

    def __add__(self, other: "Room") -> "Room":
        return Room(self.slots + other.slots, self.taken + other.taken, self.states + other.states)

    @property
    def left(self) -> str:
        """Free slots of all: ``2 of 40``; or what it is instead of ready."""
        if "ready" not in self.states:
            return ", ".join(sorted(set(self.states))) or "-"
        return f"{max(0.0, self.slots - self.taken):.0f} of {self.slots}"


def fleet(told: Told) -> tuple[Region, ...]:
    """The regions in the answer to ``GET /v1/regions``."""
    seen, held = told.read(RegionsAnswer), told.read(FleetHeld)
    return tuple(Region(*each) for each in zip(seen.regions, held.regions, strict=True))


def of_group(regions: Iterable[Region], group: Group) -> Sequence[Region]:
    """Those that belong there."""
    return [each for each in regions if each.group == group]
