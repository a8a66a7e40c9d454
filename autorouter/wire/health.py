"""What the router tells of itself: ``GET /readyz?verbose``."""

from autorouter.wire.base import Wire


class Readiness(Wire):
    """Whether it is fit to answer, and if not, what is missing."""

    ready: bool
    checks: dict[str, bool]
    nodes_unknown: tuple[str, ...]
    """Nodes that were not looked at yet."""
    fleet_age_s: float
    revision: int
    store_up: bool | None
    """Whether Redis answers; None: there is none, or it was not asked yet. Not needed to be ready."""
