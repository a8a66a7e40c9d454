"""Why clients who ask for a model are not sent to a node that knows it."""

from autorouter.core.fleet import Health, ModelLoad, NodeView, RegionView, Stage
from autorouter.core.holds import told
from autorouter.core.placement import placements, usable


def why_not(view: RegionView, node: NodeView, load: ModelLoad) -> str:
    """What keeps clients of the model from *node* of *view*; empty if nothing does."""
    wanted = frozenset({load.name})
    if view.region.stage is not Stage.ACTIVE:
        return f"{view.region.stage.value} in regions.yaml"
    if held := (*view.holds, *node.holds):
        return told(held)
    if any(node.node.name in each.nodes for each in placements(view, wanted)):
        return ""
    if not node.serving:
        return "draining" if node.health >= Health.DEGRADED else _ill(node)
    return _lacking(view, node, load) or _beside(node)


def _ill(node: NodeView) -> str:
    health = node.health.name.lower()
    return f"{health}: {node.reason}" if node.reason else health


def _lacking(view: RegionView, node: NodeView, load: ModelLoad) -> str:
    """Why the model cannot be had on a node that serves; empty if it can."""
    if load.name in usable(view, node, frozenset({load.name})):
        return ""
    if view.region.models is not None and load.name not in view.region.models:
        return "not among the models of its region in regions.yaml"
    return load.state if load.slots else "no slots"


def _beside(node: NodeView) -> str:
    """Why others of its region keep clients from a node that has all that is wanted."""
    if node.node.endpoint:
        return f"{_ill(node)}, and others of its region are not"
    return "other nodes behind its region's endpoint cannot have it"
