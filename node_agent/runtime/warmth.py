"""Waiting for a model that is cold, loading, or being mended: as long as the client can, and not in vain."""

import asyncio

from node_agent.core.errors import Reason, Refusal, Refused
from node_agent.core.models import ModelName, ModelState
from node_agent.core.task import NONE
from node_agent.core.units import Seconds, between
from node_agent.runtime.door import COME_BACK
from node_agent.runtime.ports import Clock, Engine

SOONEST = Seconds(0.1)
"""Sooner than this nobody is told to come back."""


class Warmth:
    """Has *engine*'s models ready for those who ask."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def require(self, model: ModelName, patience: Seconds) -> None:
        """Raises `Refused` if *model* is expected to be ready later than in *patience* seconds."""
        if (self._engine.forecast(model) or NONE) > patience:
            raise self._refused(model)

    async def wait(self, model: ModelName, patience: Seconds) -> Seconds:
        """Return once *model*, which is held, is ready, and how long that took.

        Raises `Refused` if it takes longer than *patience* seconds, at once if that is to be expected.
        """
        if self._is_ready(model):
            return NONE
        arrived = self._clock.now()
        try:
            async with asyncio.timeout(patience):
                while not self._is_ready(model):
                    self.require(model, Seconds(patience - between(arrived, self._clock.now())))
                    await self._engine.changed()
        except TimeoutError as exc:
            raise self._refused(model) from exc
        return between(arrived, self._clock.now())

    def _is_ready(self, model: ModelName) -> bool:
        return self._engine.standings()[model].state is ModelState.READY

    def _refused(self, model: ModelName) -> Refused:
        standing, expected = self._engine.standings()[model], self._engine.forecast(model)
        why = f"model {model} is {standing.state}" + (f": {standing.reason}" if standing.reason else "")
        if expected is None:
            return Refused(Refusal(Reason.STARTING, COME_BACK, f"{why}; nobody knows when it will be ready"))
        expected = max(SOONEST, expected)
        return Refused(Refusal(Reason.STARTING, expected, f"{why}; it should be ready in {expected:.1f} s"))
