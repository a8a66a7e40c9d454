"""The query of a request that is sent on: what it says to the router, and what goes on to the node.

Who can set nothing but a base URL says ``residency=CA`` here (OpenAI's clients: ``default_query``). A typo is told: a
residency that is misspelt must not send anybody's words abroad.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from autorouter.api.onward.paths import Path
from autorouter.api.problems import refuse
from autorouter.api.question import ONCE, Pairs, only_known
from autorouter.core.words import shown

ROUTING = ONCE - {"explain"}
"""As at ``/v1/route``; there is nobody to explain to."""

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
    """*pairs* as what they are for; raises `ProblemError` for one that *path* does not have."""
    only_known((name for name, _ in pairs), ROUTING | path.query | {"mode"})
    return Wish(
        mode=_mode([value for name, value in pairs if name == "mode"]),
        routing=tuple(pair for pair in pairs if pair[0] in ROUTING),
        onward=tuple(pair for pair in pairs if pair[0] in path.query | BOTH),
        model=next((value for name, value in pairs if name == "model"), None),
    )


def _mode(values: Sequence[str]) -> Mode | None:
    if not values:
        return None
    try:
        return Mode(values[0] if len(values) == 1 else "several of them")
    except ValueError:
        found = shown(values[0]) if len(values) == 1 else "it several times"
        raise refuse("invalid_parameter", f"mode: found {found}, expected redirect or proxy", "mode") from None
