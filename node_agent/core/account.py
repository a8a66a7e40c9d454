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
    CACHED = "cached"
    """Answered from memory: no model had to do with it, and nobody is billed."""
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
    waited: Seconds | None
    """In the queue; None if it came to none: it was turned away at once, or answered from memory."""
    ttft: Seconds | None = None
    """Time to first token, MLPerf's: from arrival to the first of the model's answer; None if none came."""
    tpot: Seconds | None = None
    """Time per output token: mean time of each later one; None below two."""
    usage: Usage | None = None
    served: Seconds | None = None
    """From its slot, and the model's being there, to its end; None if it was not finished."""
    delivered: Usage = NOTHING
    """What of it was taken, step by step, in the units that it is billed by."""
    finished: bool = False
    """The last step was taken too."""
    took: Seconds = NONE
    """From arrival to the end."""
    tried_again: bool = False
    """The model was lost before it said anything, and had the request from the beginning again."""

    @property
    def rtf(self) -> float | None:
        """Real-time factor: how long it was served over how long the audio is; None without any.

        >>> usage = Usage(heard=Seconds(4.0))
        >>> Account(ModelName("m"), "", Outcome.OK, Seconds(0.0), usage=usage, served=Seconds(1.0)).rtf
        0.25
        """
        audio = self.usage.heard + self.usage.spoken if self.usage is not None else 0.0
        return self.served / audio if self.served is not None and audio else None
