"""The fleet at one instant: immutable, and safe to share with every request in flight.

`Region` and `Node` are what regions.yaml says exists; `RegionView` and `NodeView` add what was observed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from functools import cached_property

from autorouter.core.holds import Hold, HoldKind
from autorouter.core.names import Country, ModelName, NodeName, RegionName
from autorouter.core.place import Coordinates
from autorouter.core.quantiles import Quantiles
from autorouter.core.units import Instant, Millis, Share

WARM = Share(1.0)
"""All of its slots are good."""


class Tier(Enum):
    """How deep in the network a region stands."""

    ON_PREM = "on_prem"
    MEC = "mec"
    METRO = "metro"
    CDN = "cdn"
    CLOUD = "cloud"
    """Overflow: offered only when no edge region is left, or all are full."""


class Stage(Enum):
    """What the operator wants of a region."""

    ACTIVE = "active"
    DRAINING = "draining"
    """No new clients; old ones finish."""
    MAINTENANCE = "maintenance"
    PLANNED = "planned"
    """On the map only: never probed, never offered."""


class Health(IntEnum):
    """What was observed of a node; the greater, the better. Never green by default."""

    UNKNOWN = 0
    DOWN = 1
    DEGRADED = 2
    UP = 3


@dataclass(frozen=True, slots=True)
class Node:
    """A machine with an agent."""

    name: NodeName
    agent: str
    """Base URL that the router probes; no trailing slash."""
    endpoint: str | None = None
    """Base URL of this node alone for clients; None when they reach it through its region's."""


@dataclass(frozen=True, slots=True)
class Region:
    """A place a client can be sent: one jurisdiction, one public endpoint, one or more nodes."""

    name: RegionName
    title: str
    """What people call it: ``Toronto``."""
    at: Coordinates
    country: Country
    tier: Tier
    stage: Stage
    endpoint: str
    nodes: tuple[Node, ...]
    aliases: frozenset[str] = frozenset()
    slots: int | None = None
    """Requests at once that the contract grants it; None for as many as its nodes report."""
    models: frozenset[ModelName] | None = None
    """Models it may serve; None for whatever its nodes hold."""
    allow_private: bool = False
    """Whether its agents may live at private or loopback addresses."""


@dataclass(frozen=True, slots=True)
class ModelLoad:
    """One model on one node, as last reported."""

    name: ModelName
    version: str
    state: str
    slots: int
    """Requests it can serve at once."""
    busy: float
    queued: float
    service: Millis
    """Mean time a request holds its slot; 0 while none has finished."""
    served: int = 0
    """Requests that ended well since the node started …"""
    failed: int = 0
    """… and those that the node failed: not the callers' mistakes, nor what it turned away."""
    loading: Millis = Millis(0.0)
    """Expected time until it is ready, for who asks for it now; 0 if it is, or if nobody knows."""
    ttft: Quantiles | None = None
    """Time to first token, as the node measures it; None while nothing was."""
    tpot: Quantiles | None = None
    """Time per output token, likewise."""
    smooth: float | None = None
    """What was busy or queued over the latest reports; None for what this one says."""
    warm: Share = WARM
    """Share of its slots that it is good for: the cold come back slowly."""
    aliases: tuple[str, ...] = ()
    """Other names that clients call it by."""

    @property
    def taken(self) -> float:
        """Requests at once, in slots or waiting for one."""
        return self.busy + self.queued if self.smooth is None else self.smooth

    @property
    def ready(self) -> bool:
        """Loaded and answering, not merely loadable."""
        return self.state == "ready"

    @property
    def loadable(self) -> bool:
        """Not ready, and ready for who asks within a time that is known: it may be offered, at that price."""
        return self.state in {"cold", "loading"} and self.loading > 0


@dataclass(frozen=True, slots=True)
class NodeView:
    """A node together with what is known of it now."""

    node: Node
    health: Health
    models: Mapping[ModelName, ModelLoad]
    draining: bool = False
    doubted: bool = False
    """A failed probe is outstanding: its health may be about to change."""
    reason: str = ""
    """Why it is not up; empty when it is."""
    rtt: Millis | None = None
    """Median of this router's own latest round trips to it, by the kernel; None before the first."""
    seen: Instant | None = None
    """When it was last observed, well or ill."""
    since: Instant | None = None
    """When its health last changed."""
    version: str = ""
    """The agent's version."""
    holds: tuple[Hold, ...] = ()
    """Those on this node alone."""

    @property
    def serving(self) -> bool:
        """Takes new clients."""
        return self.health >= Health.DEGRADED and not self.draining and not self.holds

    @property
    def quarantined(self) -> bool:
        """Nothing that it says is believed."""
        return any(hold.kind is HoldKind.QUARANTINE for hold in self.holds)


@dataclass(frozen=True, eq=False)
class RegionView:
    """A region together with what is known of its nodes now.

    Compared by identity: each snapshot has its own, so that what is worked out from one can be remembered by it.
    """

    region: Region
    nodes: tuple[NodeView, ...]
    holds: tuple[Hold, ...] = ()
    """Those on the region as a whole."""

    @cached_property
    def health(self) -> Health:
        """The best of its nodes: a region is as alive as its liveliest part."""
        return max((view.health for view in self.nodes), default=Health.UNKNOWN)

    @cached_property
    def serving(self) -> tuple[NodeView, ...]:
        """The nodes that take new clients: none while the region is held."""
        return () if self.holds else tuple(view for view in self.nodes if view.serving)

    @cached_property
    def held(self) -> tuple[Hold, ...]:
        """The holds by which nobody is sent here: its own, or those of its nodes if all of them are held."""
        if self.holds or not all(view.holds for view in self.nodes):
            return self.holds
        return tuple(hold for view in self.nodes for hold in view.holds)

    @property
    def quarantined(self) -> bool:
        """Nothing that any of its nodes says is believed."""
        return any(hold.kind is HoldKind.QUARANTINE for hold in self.holds)

    @cached_property
    def rtt(self) -> Millis | None:
        """The least round trip from this router to one of its nodes."""
        return min((view.rtt for view in self.nodes if view.rtt is not None), default=None)

    @cached_property
    def models(self) -> frozenset[ModelName]:
        """Every model that is promised here by regions.yaml or reported here in any state."""
        reported = frozenset(name for view in self.nodes for name in view.models)
        return reported | (self.region.models or frozenset())


@dataclass(frozen=True)
class FleetSnapshot:
    """Every region's view at one instant. Never modified: the next one replaces it."""

    revision: int
    taken: Instant
    regions: tuple[RegionView, ...]
    memo: dict[object, object] = field(default_factory=dict, compare=False, repr=False)
    """What was worked out from this snapshot and lives as long as it."""

    @cached_property
    def models(self) -> frozenset[ModelName]:
        """Every model that exists anywhere, eligible or not."""
        return frozenset[ModelName]().union(*(view.models for view in self.regions))

    @cached_property
    def aliases(self) -> Mapping[str, ModelName]:
        """Models by the other names that their nodes have for them; a model's own name is never another's."""
        there = (model for view in self.regions for node in view.nodes for model in node.models.values())
        named = sorted(((alias, model.name) for model in there for alias in model.aliases), reverse=True)
        return {alias: name for alias, name in named if alias not in self.models}

    def own_names(self, models: frozenset[ModelName]) -> frozenset[ModelName]:
        """*models*, each by its own name."""
        return frozenset(self.aliases.get(model, model) for model in models)

    @cached_property
    def by_name(self) -> Mapping[str, RegionView]:
        """Regions by id and by alias, lower case."""
        named = {alias.lower(): view for view in self.regions for alias in view.region.aliases}
        return named | {view.region.name.lower(): view for view in self.regions}
