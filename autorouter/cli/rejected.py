"""Regions that were not offered, with the rule that stopped each: what `route` and `explain` say of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from autorouter.cli.asking import NoAnswerError, Told
from autorouter.cli.screen import Column, show, table, written
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
    if b'"rejected"' not in told.body:
        raise NoAnswerError(told.problem())
    problem = told.of(NoRegionProblem)
    first = written(f"{problem.detail.partition(':')[0]} ({problem.code})")
    show(first, *([rejections(problem.rejected)] if problem.rejected else []), err=err)
