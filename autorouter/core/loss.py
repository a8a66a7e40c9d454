"""What a hold would take away, asked before it is set: a drain must not be how one learns what stood alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from autorouter.core.fleet import FleetSnapshot, RegionView, Stage
from autorouter.core.holds import Hold
from autorouter.core.names import Country, ModelName, RegionName
from autorouter.core.place import distance
from autorouter.core.placement import placements

ANYTHING: frozenset[ModelName] = frozenset()


@dataclass(frozen=True, slots=True)
class Loss:
    """What would not be had any more, and where clients would go instead."""

    countries: tuple[Country, ...]
    """Those in which no region would be left."""
    models: tuple[ModelName, ...]
    """Those that would be had nowhere."""
    alternates: tuple[RegionName, ...]
    """Regions that would go on, those next to the target first."""

    @property
    def told(self) -> str:
        """What would be lost, in words; empty for nothing."""
        if not self.alternates and self.countries:
            return "no region would be left that takes clients"
        left = [f"no region would be left in {', '.join(self.countries)}"] if self.countries else []
        return "; ".join([*left, *([f"{', '.join(self.models)} could be had nowhere"] if self.models else [])])


def loss(fleet: FleetSnapshot, hold: Hold) -> Loss:
    """What *hold* would take from *fleet*."""
    before = [view for view in fleet.regions if _open(view)]
    after = [view for view in (_with(each, hold, fleet) for each in before) if _open(view)]
    countries = {view.region.country for view in before} - {view.region.country for view in after}
    models = _models(before) - _models(after)
    return Loss(tuple(sorted(countries)), tuple(sorted(models)), tuple(_nearest(fleet, hold, after)))


def on_region(fleet: FleetSnapshot, target: str) -> bool:
    """Whether *target* is a region's id."""
    return any(view.region.name == target for view in fleet.regions)


def shares(fleet: FleetSnapshot, target: str) -> RegionView | None:
    """The region through whose endpoint alone the node *target* is reached, with others; None if there is none."""
    if on_region(fleet, target):
        return None
    for view in fleet.regions:
        behind = [node.node.name for node in view.nodes if not node.node.endpoint]
        if target in behind and len(behind) > 1:
            return view
    return None


def _open(view: RegionView) -> bool:
    return view.region.stage is Stage.ACTIVE and bool(placements(view, ANYTHING))


def _with(view: RegionView, hold: Hold, fleet: FleetSnapshot) -> RegionView:
    """*view* with *hold* in force, if it is about it."""
    if view.region.name == hold.target:
        return replace(view, holds=(*view.holds, hold))
    if on_region(fleet, hold.target) or all(node.node.name != hold.target for node in view.nodes):
        return view
    nodes = (replace(n, holds=(*n.holds, hold)) if n.node.name == hold.target else n for n in view.nodes)
    return replace(view, nodes=tuple(nodes))


def _models(views: Sequence[RegionView]) -> set[ModelName]:
    """What can be had in *views*."""
    return {name for view in views for name in view.models if placements(view, frozenset({name}))}


def _nearest(fleet: FleetSnapshot, hold: Hold, left: Sequence[RegionView]) -> Iterator[RegionName]:
    """The regions of *left*, those next to the target first."""
    held = (v for v in fleet.regions if hold.target in {v.region.name, *(node.node.name for node in v.nodes)})
    at = next((view.region.at for view in held), None)
    others = [view for view in left if view.region.name != hold.target]
    ranked = others if at is None else sorted(others, key=lambda view: distance(at, view.region.at))
    return (view.region.name for view in ranked)
