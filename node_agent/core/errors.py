"""The exceptions of the agent, one tree.

::

    AgentError
    ├── ConfigError      the operator asked for what cannot be (exit 2, one sentence)
    ├── ArtefactError    a model's file cannot be had (exit 1, one sentence)
    ├── EngineError      the engine did not do what was asked; its `Fault` says how, and whose fault it is
    ├── Refused          the node does not take a request now; its `Refusal` says why
    └── Denied           the client's key does not allow what it asks; its `Denial` says why
"""

from dataclasses import dataclass
from enum import StrEnum

from node_agent.core.units import Seconds


class AgentError(Exception):
    """Anything of ours."""


class ConfigError(AgentError):
    """A bad option, catalogue or environment. The text says what was expected, what was found and where."""


class ArtefactError(AgentError):
    """A model's file could not be fetched, or is not the file that the catalogue names."""


class Fault(StrEnum):
    """The ways in which an engine fails, whatever its vendor calls them."""

    UNREACHABLE = "unreachable"
    """No connection, or it broke."""
    DRAINING = "draining"
    """The engine is unloading the model or shutting down."""
    DEAD = "dead"
    """The engine is there; the process that runs the model is not."""
    SILENT = "silent"
    """Nothing came for the idle time-out."""
    UNKNOWN_MODEL = "unknown_model"
    TOO_LONG = "too_long"
    """The prompt does not fit the model's context: the caller's to mend."""
    REFUSED = "refused"
    """The model does not take what the request asks: the caller's to mend."""
    BROKEN = "broken"
    """Anything else: the model raised, or answered what cannot be read."""

    @property
    def is_loss(self) -> bool:
        """True if the request never had its chance: the engine, or the model's process, went away under it."""
        return self in {Fault.UNREACHABLE, Fault.DRAINING, Fault.DEAD}

    @property
    def is_callers(self) -> bool:
        """True if the request is at fault and the engine is well.

        >>> Fault.DEAD.is_callers, Fault.TOO_LONG.is_callers
        (False, True)
        """
        return self in {Fault.TOO_LONG, Fault.REFUSED}


class EngineError(AgentError):
    """The one shape that every failure of every engine takes. *detail* is safe to show to a client."""

    def __init__(self, fault: Fault, detail: str) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail


class Reason(StrEnum):
    """Why a request is not taken."""

    FULL = "full"
    """Every slot is taken and the queue is full."""
    LATE = "late"
    """It waited in the queue for as long as the queue allows."""
    STARTING = "starting"
    """The model is not ready yet, or not ready again yet."""
    DRAINING = "draining"
    """The node finishes what it has and takes nothing new."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A request not taken: why, and when to come back."""

    reason: Reason
    retry_after: Seconds
    detail: str


class Refused(AgentError):  # noqa: N818 - not an error of anyone's: the node is full, or not ready
    """Carries a `Refusal` from the gate to the edge."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


AT_ONCE = Seconds(0.0)


class Denial(StrEnum):
    """Why a key does not do."""

    UNKNOWN = "unknown"
    """There is none, or it is not one of those that count."""
    FORBIDDEN = "forbidden"
    """It is for other models, regions or purposes."""
    SPENT = "spent"
    """It has cost what it may cost."""
    TOO_OFTEN = "too_often"
    """It was used as often as it may be."""
    GUESSED = "guessed"
    """Too many wrong ones came from one network."""
    MISLED = "misled"
    """A router's referral, which it comes with, does not count here."""


class Denied(AgentError):  # noqa: N818 - not an error of the node's: the key does not allow it
    """*detail* never holds the key. *wait* is for those who may do it later."""

    def __init__(self, denial: Denial, detail: str, *, param: str | None = None, wait: Seconds = AT_ONCE) -> None:
        super().__init__(detail)
        self.denial = denial
        self.detail = detail
        self.param = param
        self.wait = wait


def innermost(group: BaseExceptionGroup) -> BaseException:
    """The innermost first of a *group* of ours, for people get one sentence; *group* itself if it holds a defect.

    Not ``except*``: what is raised inside one is wrapped in a group again by Python before 3.11.4 (gh-103590).
    """
    ours, defects = group.split(AgentError)
    return group if ours is None or defects is not None else _first(ours)


def _first(group: BaseExceptionGroup[AgentError]) -> AgentError:
    found = group.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found
