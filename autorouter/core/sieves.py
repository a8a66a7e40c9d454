"""Hard rules: which regions may answer at all. A sieve can drop a region, never prefer one.

To add one: a function of the type `Rule`, and a line in `SIEVES`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from autorouter.core.fleet import Health, RegionView, Stage
from autorouter.core.holds import told
from autorouter.core.placement import placements
from autorouter.core.query import RouteQuery

Rule = Callable[[RegionView, RouteQuery], str | None]
"""None to let a region pass, or the reason it may not, for people."""


@dataclass(frozen=True, slots=True)
class Sieve:
    """A rule by its name."""

    name: str
    rule: Rule
    bends: bool = False
    """Whether it gives way when nothing else is left. Residency, models and death never do."""


def stage(view: RegionView, _query: RouteQuery) -> str | None:
    """Only an active region takes new clients."""
    return None if view.region.stage is Stage.ACTIVE else f"{view.region.stage.value} in regions.yaml"


def hold(view: RegionView, _query: RouteQuery) -> str | None:
    """Somebody holds it, or all its nodes."""
    return told(view.held) if view.held else None


def residency(view: RegionView, query: RouteQuery) -> str | None:
    """Data may not leave the countries the client named: better no answer than a wrong one."""
    if not query.residency or view.region.country in query.residency:
        return None
    return f"{view.region.country} is outside {', '.join(sorted(query.residency))}"


def choice(view: RegionView, query: RouteQuery) -> str | None:
    """The client may name the regions it wants, and those it has had enough of."""
    if view.region.name in query.exclude:
        return "excluded by the client"
    return "not among those the client named" if query.only and view.region.name not in query.only else None


def tier(view: RegionView, query: RouteQuery) -> str | None:
    """The client may ask for a depth in the network."""
    if not query.tiers or view.region.tier in query.tiers:
        return None
    return f"{view.region.tier.value} is not {' or '.join(sorted(each.value for each in query.tiers))}"


def health(view: RegionView, _query: RouteQuery) -> str | None:
    """Some node must be alive and taking new clients."""
    if view.serving:
        return None
    if view.health >= Health.DEGRADED:
        held = [hold for node in view.nodes for hold in node.holds]
        return f"{told(held)}; its other nodes are draining or down" if held else "every node is draining"
    reasons = sorted({node.reason for node in view.nodes if node.reason})
    return ": ".join([view.health.name.lower(), *(["; ".join(reasons)] if reasons else [])])


def model(view: RegionView, query: RouteQuery) -> str | None:
    """Every model asked for must be had on one node: it is ready, or loaded there for who asks, at a price."""
    if placements(view, query.models):
        return None
    wanted = ", ".join(sorted(query.models))
    return f"{wanted} not to be had on one node that can be aimed at" if wanted else "no model can be had"


def soundness(view: RegionView, _query: RouteQuery) -> str | None:
    """A degraded region is offered only when no sound one is left."""
    if any(node.health is Health.UP for node in view.serving):
        return None
    reasons = sorted({node.reason for node in view.serving if node.reason})
    return f"degraded: {'; '.join(reasons)}" if reasons else "degraded"


SIEVES = (
    Sieve("stage", stage),
    Sieve("hold", hold),
    Sieve("residency", residency),
    Sieve("choice", choice),
    Sieve("tier", tier),
    Sieve("health", health),
    Sieve("model", model),
    Sieve("degraded", soundness, bends=True),
)
"""In the order in which they are asked; a region is rejected by the first that stops it."""
