"""``autorouter netcheck``: the regions as this machine reaches them, and whether the router's choice agrees."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from autorouter.cli.asking import Router, asks
from autorouter.cli.screen import Column, ms, print_json, say, show, shows_json, table

if TYPE_CHECKING:
    from autorouter.cli.reaching import Reached
    from autorouter.cli.verdicts import Choice, Path
    from autorouter.wire.fleet import RegionSeen
    from autorouter.wire.route import Explained
    from autorouter.wire.sample import RttAnswer

MOST_REPORTED = 16
"""What one report may hold; the fastest matter."""

COLUMNS = (
    Column("region", whole=True),
    Column("name"),
    Column("round trip", "right", whole=True),
    Column("TLS", "right", whole=True, spare=True),
    Column("floor", "right", whole=True),
    Column("verdict"),
)


@click.command()
@click.option("--report", is_flag=True, help="Tell the router what was measured: it believes it a little.")
@asks
@shows_json
def netcheck(*, router: Router, report: bool, as_json: bool) -> None:
    """Measure the way from this machine to every region, and compare it with the router's choice.

    Makes a few connections to each endpoint and says nothing on them; takes 5 seconds at most. The floor is the least
    round trip that light in fibre needs. Exit code: 1 if the router's choice is worse than the best that it offers by
    more than 3 ms and 5 %, queues included, or if nothing can be reached.
    """
    from autorouter.cli.verdicts import choice  # noqa: PLC0415 - so that --help stays quick

    explained = _explained(router)
    paths = _paths(router, explained)
    verdict = choice(explained, paths)
    answer = _report(router, paths) if report else None
    if as_json:
        print_json(_as_json(explained, paths, verdict, answer))
    else:
        _print(explained, paths, verdict, answer)
    raise SystemExit(0 if verdict.good else 1)


def _explained(router: Router) -> "Explained | None":
    """Where the router takes this machine to be, and where it sends it."""
    from autorouter.wire.route import ExplainedAnswer, NoRegionProblem  # noqa: PLC0415 - so that --help stays quick

    told = router.get("/v1/route", [("explain", "1")])
    return told.of(NoRegionProblem).explain if told.status == 503 else told.read(ExplainedAnswer).explain


def _paths(router: Router, explained: "Explained | None") -> "Sequence[Path]":
    """The way to every region that is there, the fastest first."""
    from autorouter.cli.verdicts import path  # noqa: PLC0415 - so that --help stays quick
    from autorouter.core.place import Coordinates  # noqa: PLC0415 - same
    from autorouter.wire.fleet import RegionsAnswer  # noqa: PLC0415 - same

    there = [each for each in router.get("/v1/regions").read(RegionsAnswer).regions if each.stage != "planned"]
    client = explained.client if explained else None
    at = None
    if client is not None and client.latitude is not None and client.longitude is not None:
        at = Coordinates(client.latitude, client.longitude)
    radius = (client.radius_km if client else None) or 0.0
    reached = _measured(there)
    paths = [path(each, reached[each.region], at, radius) for each in there]
    return sorted(paths, key=lambda each: (each.reached.rtt is None, each.reached.rtt or 0.0, each.region))


def _measured(there: "Sequence[RegionSeen]") -> "dict[str, Reached]":
    """Round trips by region; on a terminal it says how far it is."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - see --help

    from autorouter.cli.reaching import measure  # noqa: PLC0415 - so that --help stays quick
    from autorouter.cli.screen import console  # noqa: PLC0415 - same

    out = console(err=True)
    columns = (TextColumn("measuring regions"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("", total=len(there))
        return measure({each.region: each.endpoint for each in there}, lambda: progress.advance(task))


def _report(router: Router, paths: "Sequence[Path]") -> "RttAnswer | None":
    """What the router made of what was measured; None if there is nothing to tell."""
    from autorouter.wire.sample import RttAnswer  # noqa: PLC0415 - so that --help stays quick

    rtts = [{"region": each.region, "rtt_ms": each.reached.rtt} for each in paths if each.reached.rtt is not None]
    if not rtts:
        return None
    return router.post("/v1/rtt", json.dumps({"rtts": rtts[:MOST_REPORTED]}).encode()).read(RttAnswer)


def _print(
    explained: "Explained | None", paths: "Sequence[Path]", verdict: "Choice", answer: "RttAnswer | None"
) -> None:
    say(verdict.told, "" if verdict.good else "bold red")
    client = explained.client if explained else None
    if client is not None and client.latitude is not None:
        within = "" if client.radius_km is None else f", within {client.radius_km:.0f} km"
        say(f"It takes this machine to be at {client.latitude}, {client.longitude}{within} ({client.source}).")
    else:
        say("It does not know where this machine is.")
    show("", table(COLUMNS, map(_row, paths)))
    if answer is not None:
        refused = "".join(f"; refused {each.region}: {each.reason}" for each in answer.refused)
        say(f"\nThe router took {answer.accepted} of {min(len(paths), MOST_REPORTED)} round trips{refused}.")


def _row(each: "Path") -> tuple[str, ...]:
    return each.region, each.name, ms(each.reached.rtt), ms(each.reached.tls), ms(each.floor), each.verdict


def _as_json(
    explained: "Explained | None", paths: "Sequence[Path]", verdict: "Choice", answer: "RttAnswer | None"
) -> bytes:
    told = {
        "choice": verdict.region,
        "fastest": verdict.fastest,
        "good": verdict.good,
        "told": verdict.told,
        "client": explained.client.model_dump() if explained else None,
        "regions": [
            {
                "region": each.region,
                "endpoint": each.endpoint,
                "rtt_ms": None if each.reached.rtt is None else round(each.reached.rtt, 3),
                "tries": each.reached.tries,
                "tls_ms": None if each.reached.tls is None else round(each.reached.tls, 3),
                "floor_ms": None if each.floor is None else round(each.floor, 3),
                "verdict": each.verdict,
            }
            for each in paths
        ],
        "report": answer.model_dump() if answer else None,
    }
    return json.dumps(told).encode()
