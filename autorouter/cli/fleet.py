"""What `regions` and `models` make of ``GET /v1/regions``: which regions are as they should be, what room is left."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from autorouter.cli.asking import Told
from autorouter.core.words import span
from autorouter.runtime.clock import unix_now
from autorouter.wire.fleet import ModelSeen, NodeSeen, RegionsAnswer, RegionSeen
from autorouter.wire.hold import HoldTold

Group = Literal["ill", "held", "well", "planned"]
"""``held``: takes no new clients, and somebody wants it so."""

PAST = {"drain": "drained", "quarantine": "quarantined"}

SERVING = frozenset({"up", "degraded"})


@dataclass(frozen=True, slots=True)
class Region:
    """One region as a screen needs it."""

    seen: RegionSeen

    @property
    def holds(self) -> tuple[HoldTold, ...]:
        """On it and on its nodes."""
        return self.seen.holds + tuple(hold for node in self.seen.nodes for hold in node.holds)

    @property
    def group(self) -> Group:
        """Where it belongs on a screen."""
        if self.seen.stage == "planned":
            return "planned"
        if self._closed:
            return "held"
        if not all(each.health == "up" or each.holds for each in self.seen.nodes):
            return "ill"
        return "held" if len(self.taking) < len(self.seen.nodes) else "well"

    @property
    def _closed(self) -> bool:
        """Whether all of it takes no new clients, as somebody wants it."""
        held = bool(self.seen.nodes) and all(each.holds for each in self.seen.nodes)
        return self.seen.stage != "active" or bool(self.seen.holds) or held

    @property
    def state(self) -> str:
        """One or two words."""
        if self.seen.stage != "active":
            return self.seen.stage
        if self._closed:
            return PAST[self.holds[0].kind]
        count, up = len(self.seen.nodes), sum(each.health == "up" for each in self.seen.nodes)
        if 1 <= up < count:
            return f"{self.seen.health}, {up} of {count} nodes up"
        held = f", {len(self.taking)} of {count} nodes take clients" if self.group == "held" else ""
        return self.seen.health + held

    @property
    def why(self) -> str:
        """Why it is not well, or who wants it so."""
        staged = "" if self.seen.stage == "active" else "in regions.yaml"
        held = [_told(hold, unix_now()) for hold in self.holds]
        return "; ".join(filter(None, [staged, *held, *self._reasons()]))

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
        if self.group == "held" and self.holds:
            return span(max(0.0, unix_now() - min(hold.since for hold in self.holds)))
        known = [each.since_s_ago for each in self.seen.nodes if each.since_s_ago is not None]
        return span(min(known)) if known else "-"

    @property
    def taking(self) -> tuple[NodeSeen, ...]:
        """Its nodes that take new clients."""
        if self._closed:
            return ()
        return tuple(each for each in self.seen.nodes if each.health in SERVING and not (each.draining or each.holds))

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
    def share(self) -> float:
        """Free share of the slots; what is not ready comes last, for it may be meant so."""
        return max(0.0, self.slots - self.taken) / self.slots if self.slots else 1.0

    @property
    def left(self) -> str:
        """Free slots of all: ``2 of 40``; or what it is instead of ready."""
        if "ready" not in self.states:
            return ", ".join(sorted(set(self.states))) or "-"
        return f"{max(0.0, self.slots - self.taken):.0f} of {self.slots}"


def fleet(told: Told) -> tuple[Region, ...]:
    """The regions in the answer to ``GET /v1/regions``."""
    return tuple(map(Region, told.read(RegionsAnswer).regions))


def _told(hold: HoldTold, now: float) -> str:
    """Who wants it so, until when, and why."""
    ends = "until taken back" if hold.until is None else f"for {span(max(0.0, hold.until - now))} more"
    return f"{hold.target} {PAST[hold.kind]} by {hold.by} {ends}: {hold.reason}"


def of_group(regions: Iterable[Region], group: Group) -> Sequence[Region]:
    """Those that belong there."""
    return [each for each in regions if each.group == group]
