"""What a model is asked, whatever its kind, and what its answer comes in: the words that all kinds share."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from node_agent.core.models import ModelName
from node_agent.core.units import Seconds

READING = 0.1
"""What a token of the prompt costs beside one of the answer. Here it was measured at 0.13, and GPUs read cheaper
still; at all it must count: while one prompt is read, all answers wait, and who runs alone would seem to write for
nothing."""

NONE = Seconds(0.0)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one request used, in the units that it is billed by; each kind of model has its own."""

    prompt: int = 0
    """Tokens read."""
    answer: int = 0
    """Tokens written."""
    heard: Seconds = NONE
    """Audio listened to."""
    characters: int = 0
    """Text spoken."""
    spoken: Seconds = NONE
    """Audio that this became."""

    def __add__(self, more: "Usage") -> "Usage":
        return Usage(
            self.prompt + more.prompt,
            self.answer + more.answer,
            Seconds(self.heard + more.heard),
            self.characters + more.characters,
            Seconds(self.spoken + more.spoken),
        )

    @property
    def work(self) -> float:
        """How much the model did, to be compared with its other requests only.

        >>> Usage(prompt=100, answer=20).work, Usage(heard=Seconds(2.5)).work
        (30.0, 2.5)
        """
        return self.answer + READING * self.prompt + self.heard + self.spoken


class Step(Protocol):
    """One step of an answer."""

    @property
    def says(self) -> bool:
        """True if there is something in it for the client; else it is a sign of life."""
        ...

    @property
    def usage(self) -> Usage | None:
        """What the request used: in the last step, and only there."""
        ...


S_co = TypeVar("S_co", bound=Step, covariant=True)


@dataclass(frozen=True, slots=True)
class Task(Generic[S_co]):
    """Something to ask of *model*. Each kind has its own, and with it the steps that its answers come in."""

    model: ModelName
