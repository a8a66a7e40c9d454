"""The query of a request that is sent on: what it says to the router, and what goes on to the node.

Who can set nothing but a base URL says ``residency=CA`` here (OpenAI's clients: ``default_query``). What is in no
part the table refuses before this, so a residency that is misspelt sends nobody's words abroad.
"""

from dataclasses import dataclass
from enum import Enum

from autorouter.api.onward.paths import Path
from autorouter.api.problems import refuse
from autorouter.api.question import Pairs
from autorouter.core.words import shown

BOTH = frozenset({"budget_ms", "priority"})
"""What router and node read alike."""


class Mode(Enum):
    """How a request goes on, if the client says so."""

    REDIRECT = "redirect"
    PROXY = "proxy"


@dataclass(frozen=True, slots=True)
class Wish:
    """A query, taken apart."""

    mode: Mode | None
    routing: Pairs
    onward: Pairs
    """What the node is told."""
    model: str | None
    """PolarGrid's way: in the query."""


def wish(pairs: Pairs, path: Path) -> Wish:
    """*pairs* as what they are for, of which the table allows each."""
    mode = next((value for name, value in pairs if name == "mode"), None)
    return Wish(
        mode=None if mode is None else _mode(mode),
        routing=tuple(pair for pair in pairs if pair[0] not in path.query | {"mode"}),
        onward=tuple(pair for pair in pairs if pair[0] in path.query | BOTH),
        model=next((value for name, value in pairs if name == "model"), None),
    )


def _mode(said: str) -> Mode:
    try:
        return Mode(said)
    except ValueError:
        raise refuse("invalid_parameter", f"mode: found {shown(said)}, expected redirect or proxy", "mode") from None
