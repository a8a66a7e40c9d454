"""``autorouter models``: every model of the fleet, where it can be had and what room is left; or one, by node."""

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from autorouter.cli.asking import Router, asks
from autorouter.cli.screen import Column, print_json, say, show, shows_json, table

if TYPE_CHECKING:
    from autorouter.cli.fleet import Region
    from autorouter.wire.fleet import EndpointsAnswer, ModelEndpoint, ModelOffered
    from autorouter.wire.node import Quantiles

MOST_NAMED = 6
"""Regions named in one line of the list."""

LIST = (
    Column("model", first=True),
    Column("regions", "right", whole=True),
    Column("slots left", "right", whole=True),
    Column("where"),
)
ONE = (
    Column("region", whole=True),
    Column("node", whole=True),
    Column("state"),
    Column("slots left", "right", whole=True),
    Column("queued", "right", whole=True),
    Column("first token", "right", whole=True),
    Column("each next", "right", whole=True),
)


@click.command()
@click.argument("model", required=False)
@asks
@shows_json
def models(*, router: Router, model: str | None, as_json: bool) -> None:
    """Show every model: in how many regions it can be had now, and what room is left there.

    With MODEL, that one by node, with the median times to the first token and between tokens, at the node. Exit code:
    1 if a model that exists can be had nowhere.
    """
    code = _list(router, as_json=as_json) if model is None else _one(router, model, as_json=as_json)
    raise SystemExit(code)


def _list(router: Router, *, as_json: bool) -> int:
    from autorouter.cli.fleet import fleet  # noqa: PLC0415 - so that --help stays quick
    from autorouter.wire.fleet import ModelsAnswer  # noqa: PLC0415 - same

    told = router.get("/v1/models")
    offered = told.read(ModelsAnswer).data
    if as_json:
        print_json(told.body)
    elif offered:
        there = {each.seen.region: each for each in fleet(router.get("/v1/regions"))}
        show(table(LIST, [_row(each, there) for each in offered]))
    else:
        say("no region has any model")
    return 0 if all(each.regions for each in offered) else 1


def _row(model: "ModelOffered", there: dict[str, "Region"]) -> tuple[str, ...]:
    from autorouter.cli.fleet import Room  # noqa: PLC0415 - so that --help stays quick

    rooms = [there[name].room().get(model.id, Room()) for name in model.regions if name in there]
    more = f" and {len(model.regions) - MOST_NAMED} more" if len(model.regions) > MOST_NAMED else ""
    where = ", ".join(model.regions[:MOST_NAMED]) + more
    return model.id, str(len(model.regions)), sum(rooms, Room()).left, where or "nowhere now"


def _one(router: Router, name: str, *, as_json: bool) -> int:
    from autorouter.wire.fleet import EndpointsAnswer  # noqa: PLC0415 - so that --help stays quick

    told = router.get(f"/v1/models/{quote(name, safe='')}/endpoints")
    if as_json:
        print_json(told.body)
        if told.status >= 400:
            return 2
    answer = told.read(EndpointsAnswer)
    if not as_json:
        _show_one(answer)
    return 0 if any(each.offered for each in answer.endpoints) else 1


def _show_one(answer: "EndpointsAnswer") -> None:
    offered = sorted({each.region for each in answer.endpoints if each.offered})
    count = f"{len(offered)} region" + ("" if len(offered) == 1 else "s")
    say(f"{answer.id} can be had in {count}" if offered else f"{answer.id} can be had nowhere now", "bold")
    if answer.endpoints:
        show(table(ONE, map(_node, _first_the_offered(answer.endpoints))))


def _first_the_offered(endpoints: Sequence["ModelEndpoint"]) -> Sequence["ModelEndpoint"]:
    return sorted(endpoints, key=lambda each: not each.offered)


def _node(each: "ModelEndpoint") -> tuple[str, ...]:
    ready = each.offered and each.state == "ready"
    left = f"{max(0.0, each.slots - each.busy - each.queued):.0f} of {each.slots}" if ready else "-"
    return each.region, each.node, _state(each), left, f"{each.queued:.0f}", _ms(each.ttft_ms), _ms(each.tpot_ms)


def _state(each: "ModelEndpoint") -> str:
    loads = f", loads in {each.load_ms / 1000:.0f} s" if each.load_ms else ""
    if each.offered:
        return each.state + loads
    return f"not offered: {each.why or (each.health if each.health != 'up' else each.state)}"


def _ms(times: "Quantiles | None") -> str:
    return "-" if times is None else f"{times.p50:.0f} ms"
