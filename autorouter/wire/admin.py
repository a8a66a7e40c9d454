"""What the admin API takes and tells."""

from typing import Annotated

from pydantic import ConfigDict, Field

from autorouter.wire.access import Moment
from autorouter.wire.base import Wire
from autorouter.wire.hold import HoldTold, NoteRecord, Reason, Who

YEAR_S = 366 * 86_400


class HoldAsked(Wire):
    """The body of ``PUT /v1/holds/{target}/{kind}``."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    reason: Reason
    for_s: Annotated[float, Field(gt=0, le=YEAR_S)] | None = None
    """Seconds from now; or …"""
    until: Moment | None = None
    """… Unix seconds or ``2026-12-01T08:00Z``. With neither it holds until it is taken back."""
    by: Who | None = None
    """In whose name; whoever authenticated, if not said. The trail has both."""
    force: bool = False
    """Even if it leaves no region, no region in a country, or a model nowhere."""


class HeldAnswer(Wire):
    """A hold was set."""

    hold: HoldTold
    lapses_s: float
    """By then the last answer that names the target has lapsed."""
    alternates: tuple[str, ...]
    """Regions that go on, those next to the target first."""
    lost: str = ""
    """What nobody can have any more; empty unless it was forced."""
    shared: str = ""
    """The region whose endpoint a held node shares with others: who balances there has to keep clients off it too."""
    planned: bool = False
    """The target takes no clients yet anyway."""


class HoldsAnswer(Wire):
    """``GET /v1/holds``."""

    holds: tuple[HoldTold, ...]


class LiftedAnswer(Wire):
    """Holds were taken back."""

    lifted: tuple[HoldTold, ...]
    remaining: tuple[HoldTold, ...]
    """What holds the target, or nodes of it, all the same."""


class TrailAnswer(Wire):
    """``GET /v1/audit``: what was tried, the latest first."""

    notes: tuple[NoteRecord, ...]
