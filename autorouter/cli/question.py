"""The question that `route` and `explain` put to a router: every parameter of ``GET /v1/route`` as an option.

Values go on as they were given: the router knows what is right, and says what it expected.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import click

from autorouter.cli.failing import fail

Command = TypeVar("Command", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Asked:
    """One option."""

    name: str
    metavar: str
    help: str
    many: str = ""
    """What several of it make: a parameter each (``each``), or one list (``list``); once only if empty."""


OPTIONS = (
    Asked("model", "MODEL", "It must have this model; repeatable: all of them on one node.", many="each"),
    Asked("residency", "CA,US", "Only these countries may see the data.", many="list"),
    Asked("scope", "country|global", "One's own country first (as if unsaid), or borders count for nothing."),
    Asked("budget-ms", "MS", "Longest time to start that is acceptable."),
    Asked("tier", "metro,mec", "Only these: on_prem, mec, metro, cdn, cloud.", many="list"),
    Asked("only", "REGION", "Only these regions.", many="list"),
    Asked("exclude", "REGION", "None of these regions.", many="list"),
    Asked("previous", "REGION", "Where the client is now: kept unless another is clearly better."),
    Asked("concurrency", "N", "How many ordinary clients this one weighs."),
    Asked("priority", "interactive|batch", "batch leaves room for conversations."),
)
FROM = re.compile(r"\s*(-?[0-9.]+)\s*,\s*(-?[0-9.]+)\s*")


def question(command: Command) -> Command:
    """Adds the options to *command*, which hands them to `pairs`."""
    place = click.option("--from", "place", metavar="LAT,LON", help="Ask as if from there, such as 43.65,-79.38.")
    for each in reversed(OPTIONS):
        command = click.option(f"--{each.name}", metavar=each.metavar, multiple=bool(each.many), help=each.help)(
            command
        )
    return place(command)


def pairs(place: str | None, said: Mapping[str, str | Sequence[str] | None]) -> list[tuple[str, str]]:
    """The query string, decoded: *place* and what was *said*, by the names of the options."""
    asked = [pair for each in OPTIONS for pair in _of(each, said[each.name.replace("-", "_")])]
    return asked + _place(place)


def _of(option: Asked, value: str | Sequence[str] | None) -> list[tuple[str, str]]:
    name, values = option.name.replace("-", "_"), (value,) if isinstance(value, str) else value or ()
    if option.many == "list" and values:
        return [(name, ",".join(values))]
    return [(name, each) for each in values]


def _place(text: str | None) -> list[tuple[str, str]]:
    if text is None:
        return []
    found = FROM.fullmatch(text)
    if found is None:
        fail(f"--from: found {text!a:.60}, expected LAT,LON in degrees, such as 43.65,-79.38")
    return [("lat", found[1]), ("lon", found[2])]
