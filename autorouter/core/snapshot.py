"""The fleet at one instant, out of what the ledger remembers.

Each node is first seen by itself, then all are looked at together: a few that fail their clients are set aside, and
if most are silent at once it is not believed of any.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from autorouter.core.capacity import warmth
from autorouter.core.fleet import WARM, FleetSnapshot, Health, ModelLoad, Node, NodeView, Region, RegionView, Stage
from autorouter.core.gray import Standing, set_aside
from autorouter.core.health import DOUBTED
from autorouter.core.holds import Hold
from autorouter.core.ledger import Ledger, Memory
from autorouter.core.names import NodeName, RegionName
from autorouter.core.observation import Outcome
from autorouter.core.units import Instant, Millis, Seconds, Share

FRESH_PROBES = 3
"""A finding is news for this many probe intervals."""

UNHEARD = frozenset({Outcome.TIMED_OUT, Outcome.UNREACHABLE})

MOSTLY = Share(0.5)
"""More nodes than this share silent at once: then it may be this router, or its network, that is ill …"""

FEWEST_KNOWN = 3
"""… if there are so many: of two, one says nothing of the other."""

SILENT = "silent, like most nodes: it may be this router that is cut off"


def snapshot(
    regions: Sequence[Region],
    ledger: Ledger,
    interval: Seconds,
    now: Instant,
    revision: int,
    holds: Sequence[Hold] = (),
) -> FleetSnapshot:
    """The fleet as *ledger* knows it at *now*, with the *holds* that are in force."""
    oldest = Instant(now - FRESH_PROBES * interval)
    heard: dict[NodeName, list[Memory]] = {}
    for (_, name), memory in ledger.memories.items():
        heard.setdefault(name, []).append(memory)

    on_regions, on_nodes = assign(holds, regions)

    def view(node: Node) -> NodeView:
        seen = _view(node, ledger.own(node.name), heard.get(node.name, []), oldest, now)
        return replace(seen, holds=on_nodes[node.name]) if node.name in on_nodes else seen

    views = {node.name: view(node) for region in regions for node in region.nodes}
    # What is held has no clients to fail, and is switched off as a rule: nothing follows from that for the rest.
    idle = {node.name for region in regions if region.name in on_regions for node in region.nodes} | on_nodes.keys()
    there = [name for name, each in views.items() if _is_there(each) and name not in idle]
    standings = {name: _standing(ledger, name, heard[name]) for name in there}
    views |= {name: _degraded(views[name], why) for name, why in set_aside(standings, now).items()}
    active = {node.name for region in regions if region.stage is Stage.ACTIVE for node in region.nodes}
    asked = {name: each for name, each in views.items() if name in active and name not in idle}
    views |= {name: _degraded(views[name], SILENT) for name in _disbelieved(asked, heard)}

    def whole(region: Region) -> RegionView:
        return RegionView(region, tuple(views[node.name] for node in region.nodes), on_regions.get(region.name, ()))

    return FleetSnapshot(revision, now, tuple(map(whole, regions)))


def assign(
    holds: Sequence[Hold], regions: Sequence[Region]
) -> tuple[Mapping[RegionName, tuple[Hold, ...]], Mapping[NodeName, tuple[Hold, ...]]]:
    """*holds* by the region or the node that each is on, in any case; a region has its name before a node.

    A region that is called otherwise now, and has its old name as an alias, is still held.
    """
    named = {alias.lower(): region.name for region in regions for alias in region.aliases}
    named |= {region.name.lower(): region.name for region in regions}
    nodes = {node.name.lower(): node.name for region in regions for node in region.nodes}
    on_regions: dict[RegionName, tuple[Hold, ...]] = {}
    on_nodes: dict[NodeName, tuple[Hold, ...]] = {}
    for hold in holds:
        target = hold.target.lower()
        if target in named:
            on_regions[named[target]] = (*on_regions.get(named[target], ()), hold)
        else:
            node = nodes.get(target, NodeName(hold.target))
            on_nodes[node] = (*on_nodes.get(node, ()), hold)
    return on_regions, on_nodes


def _is_there(view: NodeView) -> bool:
    return view.health >= Health.DEGRADED


def _degraded(view: NodeView, why: str) -> NodeView:
    return replace(view, health=Health.DEGRADED, reason=why)


def _standing(ledger: Ledger, name: NodeName, heard: Sequence[Memory]) -> Standing:
    """How the node has fared: by this router's own word, or the best of the others' where it has none."""
    own = ledger.memories.get((ledger.router, name))
    return own.standing if own else min((each.standing for each in heard), key=lambda each: each.until)


def _disbelieved(views: Mapping[NodeName, NodeView], heard: Mapping[NodeName, Sequence[Memory]]) -> list[NodeName]:
    """Nodes that are out because nobody hears them, where these are most. That one refuses, is its own word."""
    known = sum(view.health is not Health.UNKNOWN for view in views.values())
    silent = [name for name, view in views.items() if view.models and view.health is Health.DOWN]
    silent = [name for name in silent if all(each.outcome in UNHEARD for each in heard[name])]
    return silent if known >= FEWEST_KNOWN and len(silent) > MOSTLY * known else []


def _view(node: Node, own: Memory, heard: list[Memory], oldest: Instant, now: Instant) -> NodeView:
    # Where nothing is fresh this process itself was held up: the last known stands until it has looked again.
    fresh = [memory for memory in heard if memory.seen >= oldest] or heard
    if not fresh:
        return NodeView(node, Health.UNKNOWN, {}, reason="not measured yet")
    best = max(fresh, key=lambda memory: (memory.health, memory.seen))
    # How it is, is what the router says that sees it best; what it holds and wants, is its own last word to anyone.
    word = max(fresh, key=lambda memory: memory.spoke)
    joined = max((each.joined for each in fresh if each.joined is not None), default=None)
    return NodeView(
        node=node,
        health=best.health,
        models={model.name: _model(model, word, joined, now) for model in word.report.models} if word.report else {},
        draining=word.draining,
        doubted=best.phase in DOUBTED,
        reason=best.reason if best.outcome is not Outcome.READY else _returning(best),
        rtt=Millis(median(own.rtts)) if own.rtts else None,
        seen=best.seen,
        since=best.since,
        version=word.report.version if word.report else "",
    )


def _model(model: ModelLoad, word: Memory, joined: Instant | None, now: Instant) -> ModelLoad:
    """*model* as it may be counted on, on a node that *joined* then; None if it was there before anyone looked."""
    warm = WARM if joined is None else warmth(Seconds(now - joined))
    return replace(model, smooth=word.taken[model.name], warm=warm)


def _returning(memory: Memory) -> str:
    return "back, not for long enough yet" if memory.health is Health.DOWN else ""
