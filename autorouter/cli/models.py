"""``autorouter models``: every model of the fleet, where it can be had and what room is left; or one of them."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from autorouter.cli.asking import Router, Told, asks
from autorouter.cli.failing import fail
from autorouter.cli.screen import Column, print_json, say, show, shows_json, table

if TYPE_CHECKING:
    from autorouter.cli.fleet import Region
    from autorouter.wire.fleet import ModelOffered

MOST_NAMED = 6
"""Regions named in one line of the list."""

LIST = (Column("model"), Column("regions", "right"), Column("slots left", "right", whole=True), Column("where"))
ONE = (
    Column("region", whole=True),
    Column("name"),
    Column("slots left", "right", whole=True),
    Column("round trip", "right", whole=True),
)


@click.command()
@click.argument("model", required=False)
@asks
@shows_json
def models(*, router: Router, model: str | None, as_json: bool) -> None:
    """Show every model: in how many regions it can be had now, and what room is left there.

    With MODEL, that one by region. Exit code: 1 if a model that exists can be had nowhere.
    """
    from autorouter.wire.fleet import ModelsAnswer  # noqa: PLC0415 - so that --help stays quick

    told = router.get("/v1/models")
    known = told.read(ModelsAnswer).data
    offered = known if model is None else (_one(known, model),)
    if as_json:
        print_json(told.body if model is None else _entry(told, offered[0].id))
    else:
        _show(offered, router, detail=model is not None)
    raise SystemExit(0 if all(each.regions for each in offered) else 1)


def _one(known: Sequence["ModelOffered"], name: str) -> "ModelOffered":
    from autorouter.core.words import meant, shown  # noqa: PLC0415 - so that --help stays quick

    found = next((each for each in known if each.id == name), None)
    if found is None:
        names = [each.id for each in known]
        hint = meant(name, names) or f"; there are: {', '.join(names) or 'none'}"
        fail(f"no region has {shown(name)}{hint}")
    return found


def _entry(told: Told, name: str) -> bytes:
    """The model's own part of the answer, as it is."""
    return json.dumps(next(each for each in json.loads(told.body)["data"] if each["id"] == name)).encode()


def _show(offered: Sequence["ModelOffered"], router: Router, *, detail: bool) -> None:
    from autorouter.cli.fleet import fleet  # noqa: PLC0415 - so that --help stays quick

    there = {each.seen.region: each for each in fleet(router.get("/v1/regions"))}
    if not offered:
        say("no region has any model")
    elif detail:
        _show_one(offered[0], there)
    else:
        show(table(LIST, [_row(each, there) for each in offered]))


def _row(model: "ModelOffered", there: dict[str, "Region"]) -> tuple[str, ...]:
    from autorouter.cli.fleet import Room  # noqa: PLC0415 - so that --help stays quick

    rooms = [there[name].room().get(model.id, Room()) for name in model.regions if name in there]
    more = f" and {len(model.regions) - MOST_NAMED} more" if len(model.regions) > MOST_NAMED else ""
    where = ", ".join(model.regions[:MOST_NAMED]) + more
    return model.id, str(len(model.regions)), sum(rooms, Room()).left, where or "nowhere now"


def _show_one(model: "ModelOffered", there: dict[str, "Region"]) -> None:
    from autorouter.cli.fleet import Room  # noqa: PLC0415 - so that --help stays quick

    say(f"{model.id} can be had in {len(model.regions)} of {len(there)} regions", "bold")
    rows = [
        (
            region.seen.region,
            region.seen.name,
            region.room().get(model.id, Room()).left if name in model.regions else f"not now: {region.state}",
            "-" if region.seen.rtt_ms is None else f"{region.seen.rtt_ms:.1f} ms",
        )
        for name, region in there.items()
        if name in model.regions or any(each.model == model.id for node in region.seen.nodes for each in node.models)
    ]
    if rows:
        show(table(ONE, rows))
