"""What the runtime needs from outside, in its own words. Adapters fit by shape; the type checker proves it in app."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from node_agent.core.account import Account
from node_agent.core.errors import EngineError
from node_agent.core.models import Footprint, ModelName, Standing, Tally
from node_agent.core.probes import Fate
from node_agent.core.rtts import Via
from node_agent.core.task import Step, Task
from node_agent.core.units import Instant, Seconds

S = TypeVar("S", bound=Step)


class Clock(Protocol):
    """Time as arguments are made of it."""

    def now(self) -> Instant:
        """Monotonic time."""
        ...

    def unix(self) -> int:
        """Wall-clock seconds since 1970."""
        ...

    def stamp(self) -> str:
        """The same for people: ``2026-11-25T12:00:00Z``."""
        ...


class Engine(Protocol):
    """What runs models. One must pass ``tests/contracts/test_engine.py``."""

    async def run(self) -> None:
        """Bring the models up and keep them so until cancelled; leave nothing behind."""
        ...

    def standings(self) -> Mapping[ModelName, Standing]:
        """How each model stands, from memory: never waits for the engine."""
        ...

    def generate(self, task: Task[S]) -> AsyncGenerator[S, None]:
        """The answer, step by step; the last has its usage. Closing it early stops the model.

        Raises `EngineError`, and nothing else, for whatever goes wrong.
        """
        ...

    def doubt(self, model: ModelName, error: EngineError) -> None:
        """Be told that *model* failed a request, so that it is looked at before the next regular look."""
        ...

    def tally(self) -> Tally:
        """How often help was needed."""
        ...

    def hold(self, model: ModelName) -> AbstractContextManager[None]:
        """Want *model* for the length of the block: it is loaded if it is not, and not unloaded while it is."""
        ...

    async def changed(self) -> None:
        """Return as soon as any model stands otherwise than at the call."""
        ...

    def forecast(self, model: ModelName) -> Seconds | None:
        """How long it should take until *model* is ready, if it is wanted; 0 if it is, None if nobody knows."""
        ...

    def dismiss(self, model: ModelName) -> str:
        """Begin to unload *model*; if that cannot be, why, for people."""
        ...

    def footprints(self) -> Sequence[Footprint]:
        """What loaded models were measured to take; nothing of those that are somebody else's."""
        ...


class Ledger(Protocol):
    """Keeps accounts."""

    def record(self, account: Account) -> None:
        """Take one in; must not wait and must not fail."""
        ...


class Logbook(Protocol):
    """Counts what the survey does; must not wait and must not fail."""

    def sample(self, via: Via) -> None:
        """A round trip was taken in."""
        ...

    def ticket(self, fate: Fate) -> None:
        """A ticket was shown."""
        ...
