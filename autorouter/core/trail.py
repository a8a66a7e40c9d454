"""What the admin trail remembers: who tried to change what, and what came of it."""

from dataclasses import dataclass

from autorouter.core.units import Unix

DONE = "done"


@dataclass(frozen=True, slots=True)
class Note:
    """One attempt."""

    at: Unix
    actor: str
    """Who authenticated, which need not be in whose name it was done."""
    action: str
    target: str
    outcome: str
    """`DONE`, or the code of the problem that it ended in."""
    detail: str = ""
    router: str = ""
