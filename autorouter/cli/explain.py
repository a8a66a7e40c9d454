"""``autorouter explain``: why the answer is what it is, and why not the nearest, in one screen."""

from typing import TYPE_CHECKING

import click

from autorouter.cli.asking import NoAnswerError, Router, Told, asks
from autorouter.cli.question import pairs, question
from autorouter.cli.route import verdict
from autorouter.cli.screen import Column, facts, heading, print_json, say, show, shows_json, table
from autorouter.core.words import span

if TYPE_CHECKING:
    from autorouter.wire.route import ClientSeen, Explained, Ranked

MOST_RANKED = 12
"""Candidates shown: more do not fit a screen, and nobody is sent to the thirteenth."""

COLUMNS = (
    Column("region", whole=True),
    Column("to start", "right", whole=True),
    Column("round trip", "right", whole=True),
    Column("queue", "right", whole=True, spare=True),
    Column("load", "right", whole=True, spare=True),
    Column("taken", "right", whole=True, spare=True),
    Column("round trip is"),
)


@click.command()
@question
@asks
@shows_json
def explain(*, router: Router, place: str | None, as_json: bool, **said: str | tuple[str, ...] | None) -> None:
    """Say why a client that asks from here is sent where it is, and why not to the nearest.

    Times are milliseconds. Exit code: 1 if no region may answer now; 2 if the question is not a good one.
    """
    told = router.get("/v1/route", [*pairs(place, said), ("explain", "1")])
    if as_json:
        print_json(told.body)
    else:
        _print(told)
    raise SystemExit(verdict(told))


def _print(told: Told) -> None:
    from autorouter.wire.route import ExplainedAnswer, NoRegionProblem  # noqa: PLC0415 - so that --help stays quick

    explained = told.of(NoRegionProblem).explain if told.status == 503 else told.read(ExplainedAnswer).explain
    if explained is None:
        raise NoAnswerError(told.problem())
    show_explained(explained)


def show_explained(told: "Explained") -> None:
    """Print *told*: sentences first, then what they rest on."""
    from autorouter.cli.rejected import rejections  # noqa: PLC0415 - so that --help stays quick

    for line in told.story or (f"{told.because}.",):
        say(line)
    if told.ranked:
        show(heading(_ranking(told)), table(COLUMNS, [_row(each) for each in told.ranked[:MOST_RANKED]]))
    if told.rejected:
        show(heading("Not offered"), rejections(told.rejected))
    show(heading("Who asks, and how old the news is"), facts(_client(told.client) + _news(told)))


def _ranking(told: "Explained") -> str:
    more = len(told.ranked) - MOST_RANKED
    return f"Ranked by {told.policy}, in ms" + (f" ({MOST_RANKED} of {len(told.ranked)})" if more > 0 else "")


def _row(each: "Ranked") -> tuple[str, ...]:
    queue = each.wait_ms - each.load_ms
    return (
        each.region,
        f"{each.time_to_start_ms:.1f}",
        f"{each.rtt_ms:.1f} ± {each.rtt_spread_ms:.1f}",
        f"{queue:.1f}" if queue > 0.05 else "-",
        f"{each.load_ms:.0f}" if each.load_ms else "-",
        "-" if each.slots is None or each.taken is None else f"{each.taken:.0f} of {each.slots:.0f}",
        ", ".join([_known(each), *_notes(each)]),
    )


def _notes(each: "Ranked") -> list[str]:
    """What may rank it behind what costs more."""
    full = each.slots is not None and each.taken is not None and each.taken > each.slots
    words = (each.health if each.health != "up" else "", "full" if full else "", "abroad" if each.abroad else "")
    return [word for word in words if word]


def _known(each: "Ranked") -> str:
    if each.measured is None:
        return each.rtt_source
    times = "once" if each.measured.n == 1 else f"{each.measured.n} times"
    return f"{each.measured.source} {times}, {span(each.measured.age_s)} ago"


def _client(client: "ClientSeen") -> list[tuple[str, str]]:
    at = "" if client.latitude is None or client.longitude is None else f"{client.latitude}, {client.longitude}"
    within = "" if client.radius_km is None else f", within {client.radius_km:.0f} km"
    return [
        ("network", client.network or "not known"),
        ("place", f"{at}{within}{f', {client.country}' if client.country else ''}" if at else "not known"),
        ("who said so", client.source if at else ""),
        ("line", client.access + (f", AS{client.asn}" if client.asn else "")),
    ]


def _news(told: "Explained") -> list[tuple[str, str]]:
    worth = told.exploring
    return [
        ("news", f"{told.age_s:.1f} s old, revision {told.revision}"),
        ("to measure", f"{worth.region}: {worth.why}" if worth else ""),
    ]
