"""One request, told at its end."""

from dataclasses import dataclass
from enum import StrEnum

from node_agent.core.models import ModelName
from node_agent.core.task import NONE, Usage
from node_agent.core.units import Seconds

NOTHING = Usage()


class Outcome(StrEnum):
    """How a request ended, as a closed set of metric labels."""

    OK = "ok"
    SHED = "shed"
    LATE = "late"
    STARTING = "starting"
    DRAINING = "draining"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """The engine found the caller at fault: the prompt is too long, or asks for what the model refuses."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Account:
    """One request, told at its end."""

    model: ModelName
    caller: str
    """Name of the client's key; empty where the node is open to all."""
    outcome: Outcome
    waited: Seconds
    """In the queue."""
    first_token: Seconds | None = None
    """From arrival to the first text; None if none came."""
    per_token: Seconds | None = None
    """Mean time of each later token; None below two tokens."""
    usage: Usage | None = None
    """What it used in all; None if the answer did not come to its end."""
    delivered: Usage = NOTHING
    """What of it was taken, step by step, in the units that it is billed by."""
    finished: bool = False
    """The last step was taken too."""
    took: Seconds = NONE
    """From arrival to the end."""
