"""One finding about one node: what an act of looking found, good or bad. A failure is an outcome, never a number."""

from dataclasses import dataclass
from enum import Enum

from autorouter.core.fleet import ModelLoad
from autorouter.core.names import NodeName, RegionName, RouterName
from autorouter.core.units import Instant, Millis


class Outcome(Enum):
    """How a probe ended."""

    READY = "ready"
    DEGRADED = "degraded"
    """It answered: something works, not everything."""
    DRAINING = "draining"
    STARTING = "starting"
    """It answered: nothing can be served yet."""
    REFUSED = "refused"
    """Nobody listens, or the connection was reset: evidence of death."""
    TIMED_OUT = "timed out"
    UNREACHABLE = "unreachable"
    """No connection could be tried: name, route or policy forbids."""
    GARBLED = "garbled"
    """It answered what a node agent never answers, or in another's name."""


@dataclass(frozen=True, slots=True)
class Report:
    """A node's own account of itself."""

    boot_id: str
    seq: int
    version: str
    models: tuple[ModelLoad, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """What one router found when it looked at one node."""

    router: RouterName
    region: RegionName
    """Where the router took the node to be: a node that moved is another."""
    node: NodeName
    at: Instant
    outcome: Outcome
    reason: str = ""
    """Why the outcome is not ready, for people."""
    rtt: Millis | None = None
    """Round trip by the kernel's own measure; None when there was none."""
    report: Report | None = None
    """None when the node did not get to speak."""
