"""Regions that were not offered, with the rule that stopped each: what `route` and `explain` say of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from autorouter.cli.asking import Told
from autorouter.cli.screen import Column, console, inert, table
from autorouter.wire.problem import Problem
from autorouter.wire.route import NoRegionProblem, Rejected

if TYPE_CHECKING:
    from rich.table import Table

MOST_NAMED = 8
"""Regions named in one line: hundreds may be stopped by the same."""


def rejections(rejected: Sequence[Rejected]) -> "Table":
    """What stopped them; who was stopped by the same stands on one line."""
    alike: dict[tuple[str, str], list[str]] = {}
    for each in rejected:
        alike.setdefault((each.rule, each.detail), []).append(each.region)
    rows = [(rule, _names(names), detail) for (rule, detail), names in alike.items()]
    return table((Column("rule", whole=True), Column("not offered"), Column("why")), rows)


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more


def say_why_none(told: Told, *, err: bool = False) -> None:
    """Print why no region may answer."""
    problem = told.of(NoRegionProblem) if b'"rejected"' in told.body else told.of(Problem)
    out = console(err=err)
    click.echo(inert(f"{problem.detail.partition(':')[0]} ({problem.code})"), err=err)
    if isinstance(problem, NoRegionProblem) and problem.rejected:
        out.print(rejections(problem.rejected))
    click.echo(inert(f"fix: {problem.fix}"), err=err)
