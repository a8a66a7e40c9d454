"""Text to be spoken, and the sound that it becomes."""

from collections.abc import Mapping
from dataclasses import dataclass

from node_agent.core.models import ModelSpec
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
    """The model's own name of it."""
    speed: float = 1.0
    """1.0 is the voice's own."""


def voices(model: ModelSpec) -> Mapping[str, str]:
    """The names that clients may ask for a voice of *model* by → its own name of it; the first is its usual one.

    In the catalogue's ``options.voices`` they are ``name`` or ``name=own name``, with commas between.
    """
    pairs = (each.strip().partition("=") for each in model.options.get("voices", "").split(",") if each.strip())
    return {name: own or name for name, _, own in pairs}
