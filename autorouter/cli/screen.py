"""How commands show what they found: to people as text and tables, to programs as the API's own JSON.

What others named is inert here: neither rich's markup nor what a terminal obeys gets through. Colour is never the
only sign. Rich is imported when something is shown, so that ``--help`` stays quick.
"""

import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

Command = TypeVar("Command", bound=Callable[..., object])

STYLES = {
    "up": "green", "ready": "green", "as it should be": "green",
    "degraded": "yellow", "draining": "yellow", "loading": "yellow", "full": "yellow",
    "down": "bold red", "failed": "bold red",
    "unknown": "dim", "planned": "dim", "unloaded": "dim",
}  # fmt: skip
"""Words that have a colour wherever they stand alone."""

MOST_FIRST = 34
"""Columns: what is left of a screen is enough for the rest."""

LEAST = 12
"""Columns for what can be broken anywhere."""

NOTHING = frozenset({"", "-"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    side: Literal["left", "right"] = "left"
    whole: bool = False
    """Never broken: what people copy from it."""
    first: bool = False
    """Given room before the others are, up to `MOST_FIRST`: names of models are long."""
    spare: bool = False
    """Left out where no row has anything in it."""


def shows_json(command: Command) -> Command:
    """Adds ``--json`` to *command*."""
    return click.option(
        "--json", "as_json", is_flag=True, help="The same for programs: the router's own answer where there is one."
    )(command)


def inert(text: str, keep: str = "") -> str:
    r"""*text* with escapes for whatever a terminal would obey, but for what is in *keep*.

    >>> inert("a\x1b[31mb")
    'a\\x1b[31mb'
    """
    return "".join(each if each.isprintable() or each in keep else ascii(each)[1:-1] for each in text)


def print_json(body: bytes) -> None:
    """Print the API's JSON: indented on a terminal, one line elsewhere."""
    style = {"indent": 2} if sys.stdout.isatty() else {"separators": (",", ":")}
    text = json.dumps(json.loads(body), ensure_ascii=False, **style)
    click.echo("".join(each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text))


def console(*, err: bool = False) -> "Console":
    """Where things are shown: as wide as the terminal, 80 columns elsewhere; nothing in a text is obeyed."""
    from rich.console import Console  # noqa: PLC0415 - so that --help stays quick

    return Console(stderr=err, markup=False, emoji=False, highlight=False)


def written(text: str, style: str = "") -> "Text":
    """*text*, made inert; in the colour of its word unless *style* says otherwise."""
    from rich.text import Text  # noqa: PLC0415 - so that --help stays quick

    return Text(inert(text, keep="\n"), style or STYLES.get(text, ""))


def table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> "Table":
    """A table that reads well in 80 columns and in a log."""
    from rich.table import Table  # noqa: PLC0415 - so that --help stays quick

    made, held = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0)), [*rows]
    used = [i for i, each in enumerate(columns) if not each.spare or any(row[i] not in NOTHING for row in held)]
    for each in (columns[i] for i in used):
        whole = each.whole or each.first
        made.add_column(each.title, justify=each.side, no_wrap=whole, overflow="fold", header_style="bold")
    for row in held:
        made.add_row(*(_folded(row[i]) if columns[i].first else written(row[i]) for i in used))
    return made


def _folded(text: str) -> "Text":
    """*text* in lines of `MOST_FIRST`. Rich would take the room from all columns alike."""
    plain = inert(text)
    return written("\n".join(plain[at : at + MOST_FIRST] for at in range(0, len(plain), MOST_FIRST)))


def ms(value: float | None) -> str:
    """A time, as finely as anybody can use it."""
    return "-" if value is None else f"{value:.2f} ms" if value < 1 else f"{value:.1f} ms"


def facts(pairs: Iterable[tuple[str, str]]) -> "Table":
    """What is known of one thing, a line each; what has no value is left out."""
    made = table((Column(""), Column("")), [pair for pair in pairs if pair[1]])
    made.show_header = False
    return made


def show(*parts: "RenderableType", err: bool = False) -> None:
    """Print *parts*, one below the other; without blanks at the ends of lines, for they go into tickets and diffs."""
    out = console(err=err)
    width = out.width
    with out.capture() as shown:
        for each in parts:
            out.width = max(width, _least(each))
            out.print(each)
    click.echo("".join(f"{line.rstrip()}\n" for line in shown.get().splitlines()), nl=False, err=err, color=True)


def _least(part: "RenderableType") -> int:
    """Columns below which something of a table would be cut off: rather is a line too long than a word lost."""
    from rich.table import Table  # noqa: PLC0415 - so that --help stays quick

    if not isinstance(part, Table):
        return 0
    taken = 0
    for column in part.columns:
        pieces = [str(cell).split("\n" if column.no_wrap else None) for cell in (column.header, *column.cells)]
        widest = max((len(piece) for each in pieces for piece in each), default=0)
        taken += 2 + (widest if column.no_wrap else min(widest, LEAST))
    return taken


def say(text: str, style: str = "") -> None:
    """Print *text*, broken between words."""
    show(written(text, style))


def heading(text: str) -> "Text":
    """The line above a part."""
    return written(f"\n{text}", "bold")
