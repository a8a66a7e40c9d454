"""A recording in which somebody may be speaking, and when somebody is."""

from dataclasses import dataclass

from node_agent.core.hearing import RATE
from node_agent.core.task import Task, Usage
from node_agent.core.units import Seconds

PAUSE = Seconds(0.5)


@dataclass(frozen=True, slots=True)
class Span:
    """Speech without a pause that counts as one."""

    start: Seconds
    end: Seconds


@dataclass(frozen=True, slots=True)
class Spans:
    """All of them at once, in order: the only step."""

    spans: tuple[Span, ...]
    usage: Usage | None = None

    @property
    def says(self) -> bool:
        """True if anybody speaks.

        >>> Spans(()).says, Spans((Span(Seconds(0.0), Seconds(1.0)),)).says
        (False, True)
        """
        return bool(self.spans)


@dataclass(frozen=True, slots=True)
class Detection(Task[Spans]):
    """Everything that decides what counts as speech."""

    pcm: bytes
    """int16, little endian, mono, `hearing.RATE`."""
    threshold: float = 0.5
    """How sure the model must be, 0 to 1."""
    pause: Seconds = PAUSE
    """Silence that ends a span."""

    @property
    def length(self) -> Seconds:
        """How long the recording is."""
        return Seconds(len(self.pcm) / 2 / RATE)
