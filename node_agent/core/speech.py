"""Text to be spoken, and the sound that it becomes."""

from dataclasses import dataclass

from node_agent.core.task import Task, Usage

RATE = 24_000
"""Samples a second of all sound that models make: OpenAI's ``pcm``."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One step of it."""

    pcm: bytes
    """int16, little endian, mono, `RATE`; may be empty."""
    usage: Usage | None = None

    @property
    def says(self) -> bool:
        """True if there is something to hear."""
        return bool(self.pcm)


@dataclass(frozen=True, slots=True)
class Speech(Task[Sound]):
    """Everything that decides how it sounds."""

    text: str
    voice: str
    speed: float = 1.0
    """1.0 is the voice's own."""
