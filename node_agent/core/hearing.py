"""Speech that was recorded, and what a model hears in it."""

from dataclasses import dataclass

from node_agent.core.task import Task, Usage
from node_agent.core.units import Seconds

RATE = 16_000
"""Samples a second that models listen to."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word and when it was said."""

    text: str
    start: Seconds
    end: Seconds


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of speech, as Whisper divides it; the figures are Whisper's own measures of how sure it is."""

    text: str
    start: Seconds
    end: Seconds
    tokens: tuple[int, ...] = ()
    words: tuple[Word, ...] = ()
    """Empty unless they were asked for."""
    temperature: float = 0.0
    avg_logprob: float = 0.0
    compression_ratio: float = 0.0
    no_speech_prob: float = 0.0
    seek: int = 0
    """Where the model's window began: hundredths of a second of the recording."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One step: a segment, or the end."""

    segment: Segment | None = None
    language: str = ""
    """ISO 639-1, of the whole recording."""
    usage: Usage | None = None

    @property
    def says(self) -> bool:
        """True if something was heard."""
        return self.segment is not None and bool(self.segment.text)


@dataclass(frozen=True, slots=True)
class Recording(Task[Heard]):
    """Everything that decides what is heard."""

    pcm: bytes
    """int16, little endian, mono, `RATE`."""
    language: str | None = None
    """ISO 639-1; None: the model finds out."""
    prompt: str = ""
    """What came before, or how names are spelled."""
    temperature: float = 0.0
    words: bool = False
    """Tell when each word was said."""
    translate: bool = False
    """Into English."""

    @property
    def length(self) -> Seconds:
        """How long it is."""
        return Seconds(len(self.pcm) / 2 / RATE)
