"""``autorouter route``: where a client that asks from here is sent."""

from typing import TYPE_CHECKING

import click

from autorouter.cli.asking import Router, Told, asks
from autorouter.cli.question import pairs, question
from autorouter.cli.screen import Column, facts, heading, inert, ms, print_json, show, shows_json, table, written

if TYPE_CHECKING:
    from autorouter.wire.route import RouteAnswer


@click.command()
@question
@click.option("--endpoint", "bare", is_flag=True, help="Print the endpoint alone, for $(…).")
@asks
@shows_json
def route(
    *, router: Router, place: str | None, bare: bool, as_json: bool, **said: str | tuple[str, ...] | None
) -> None:
    """Say where a client that asks from here is sent.

    Exit code: 1 if no region may answer now, with each region's reason; 2 if the question is not a good one.
    """
    told = router.get("/v1/route", pairs(place, said))
    if as_json:
        print_json(told.body)
        raise SystemExit(verdict(told))
    if told.status == 503:
        from autorouter.cli.rejected import say_why_none  # noqa: PLC0415 - so that --help stays quick

        say_why_none(told, err=bare)
        raise SystemExit(1)
    _print(told, bare=bare)


def verdict(told: Told) -> int:
    """The exit code: 0 there is a region, 1 there is none now, 2 the question is not a good one."""
    return 0 if told.status < 400 else 1 if told.status == 503 else 2


def _print(told: Told, *, bare: bool) -> None:
    from autorouter.wire.route import RouteAnswer  # noqa: PLC0415 - so that --help stays quick

    answer = told.read(RouteAnswer)
    if bare:
        click.echo(inert(answer.endpoint))
        return
    show(written(f"{answer.region}  {answer.name}", "bold"), facts(_facts(answer)))
    if answer.alternates:
        columns = (Column("region", whole=True), Column("round trip", "right"), Column("endpoint"))
        rows = [(each.region, ms(each.rtt_ms), each.endpoint) for each in answer.alternates]
        show(heading("If it fails, in this order"), table(columns, rows))


def _facts(answer: "RouteAnswer") -> list[tuple[str, str]]:
    return [
        ("endpoint", answer.endpoint),
        ("round trip", f"{ms(answer.rtt_ms)}, give or take {answer.rtt_spread_ms:.1f} ({answer.rtt_source})"),
        ("holds for", f"{answer.ttl} s"),
        ("but", "only degraded or full regions were left" if answer.degraded else ""),
    ]
