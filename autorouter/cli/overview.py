"""The screens of `regions`: all of them in groups, and one in detail."""

from collections.abc import Sequence

from autorouter.cli.failing import fail
from autorouter.cli.fleet import Region, of_group
from autorouter.cli.screen import Column, facts, heading, inert, ms, say, show, table
from autorouter.core.words import meant, shown, span
from autorouter.wire.fleet import NodeSeen

NAME = Column("region", whole=True)
NOT_WELL = (NAME, Column("state"), Column("since", "right", whole=True), Column("why"))
WELL = (NAME, Column("name"), Column("round trip", "right", whole=True), Column("slots left, by model"))
NODES = (
    Column("node", whole=True),
    Column("state", whole=True),
    Column("round trip", "right", whole=True),
    Column("seen", "right", whole=True),
    Column("since", "right", whole=True),
    Column("agent", whole=True),
    Column("why"),
)
MODELS = (
    Column("model"),
    Column("node", whole=True),
    Column("state", whole=True),
    Column("slots", "right"),
    Column("busy", "right"),
    Column("queued", "right"),
    Column("loads in", "right"),
)

MOST_MODELS = 6
"""Models named in a region's line, those with least room first: the rest is for the region's own screen."""


def find(there: Sequence[Region], name: str) -> Region:
    """The region of that id or alias."""
    named = {alias.lower(): each for each in there for alias in (*each.seen.aliases, each.seen.region)}
    if (found := named.get(name.lower())) is None:
        fail(f"no region {shown(name)}{meant(name.lower(), named)}")
    return found


def show_all(there: Sequence[Region]) -> None:
    """What is not well first."""
    groups = [of_group(there, group) for group in ("ill", "held", "well", "planned")]
    ill, held, well, planned = groups
    total = len(there) - len(planned)
    say(
        f"{len(ill)} of {total} regions are not as they should be"
        if ill
        else f"{len(well)} of {total} regions are up"
    )
    if ill:
        show(table(NOT_WELL, map(_not_well, ill)))
    if held:
        show(heading("Held back, as somebody wants it"), table(NOT_WELL, map(_not_well, held)))
    if well:
        show(heading("Up"), table(WELL, map(_well, well)))
    if planned:
        show(heading("Planned"), facts((each.seen.region, each.seen.name) for each in planned))


def _not_well(region: Region) -> tuple[str, ...]:
    return region.seen.region, region.state, region.since, region.why or "not looked at yet"


def _well(region: Region) -> tuple[str, ...]:
    room = sorted(region.room().items(), key=lambda each: (each[1].share, each[0]))
    told = [f"{name}:{each.left.replace(' of ', '/')}" for name, each in room[:MOST_MODELS]]
    more = [f"and {len(room) - MOST_MODELS} more"] if len(room) > MOST_MODELS else []
    return region.seen.region, region.seen.name, ms(region.seen.rtt_ms), "  ".join(told + more) or "no model"


def show_one(region: Region) -> None:
    """One region with its nodes and their models."""
    seen = region.seen
    say(f"{seen.region}  {seen.name}", "bold")
    show(
        facts(
            [
                ("state", region.state),
                ("why", region.why),
                ("since", region.since if region.group != "well" else ""),
                ("endpoint", seen.endpoint),
                ("round trip", "" if seen.rtt_ms is None else f"{ms(seen.rtt_ms)} from the router"),
                ("place", f"{seen.latitude:g}, {seen.longitude:g}, {seen.country}"),
                ("tier", seen.tier),
                ("aliases", ", ".join(seen.aliases)),
            ]
        )
    )
    show(heading("Nodes"), table(NODES, map(_node, seen.nodes)))
    if rows := [row for node in seen.nodes for row in _models(node)]:
        show(heading("Models"), table(MODELS, rows))


def _node(node: NodeSeen) -> tuple[str, ...]:
    seen = "never" if node.seen_s_ago is None else f"{span(node.seen_s_ago)} ago"
    since = "-" if node.since_s_ago is None else span(node.since_s_ago)
    why = "; ".join(filter(None, (node.reason, "draining" if node.draining else "")))
    return node.node, node.health, ms(node.rtt_ms), seen, since, inert(node.agent) or "-", why


def _models(node: NodeSeen) -> list[tuple[str, ...]]:
    return [
        (
            each.model,
            node.node,
            each.state,
            str(each.slots),
            f"{each.busy:.1f}",
            f"{each.queued:.1f}",
            f"{each.load_ms / 1000:.1f} s" if each.load_ms else "-",
        )
        for each in node.models
    ]
