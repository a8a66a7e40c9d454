"""Waiting for a model that is cold, loading, or being mended: as long as the client can, and not in vain."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from node_agent.core.claim import Claim
from node_agent.core.errors import Reason, Refusal, Refused
from node_agent.core.models import ModelName, ModelState
from node_agent.core.task import NONE
from node_agent.core.units import Seconds, between
from node_agent.runtime.door import COME_BACK
from node_agent.runtime.ports import Clock, Engine

SOONEST = Seconds(0.1)
"""Sooner than this nobody is told to come back."""


class Warmth:
    """Has *engine*'s models ready for those who ask, who wait for *patience* seconds if they do not say how long."""

    def __init__(self, engine: Engine, clock: Clock, patience: Seconds) -> None:
        self._engine = engine
        self._clock = clock
        self._patience = patience

    @asynccontextmanager
    async def warm(self, model: ModelName, claim: Claim) -> AsyncIterator[Seconds]:
        """*model* is ready when the block begins, after so long, and is not unloaded before its end.

        Raises `Refused` if that takes longer than the client can wait, at once if that is to be expected.
        """
        with self._engine.hold(model):
            yield await self.wait(model, claim)

    async def wait(self, model: ModelName, claim: Claim) -> Seconds:
        """Return once *model*, which is held, is ready, and how long that took. Raises `Refused` likewise."""
        if self._is_ready(model):
            return NONE
        arrived = self._clock.now()
        await self._wait(model, self._patience if claim.patience is None else claim.patience)
        return between(arrived, self._clock.now())

    async def _wait(self, model: ModelName, patience: Seconds) -> None:
        arrived = self._clock.now()
        try:
            async with asyncio.timeout(patience):
                while not self._is_ready(model):
                    left = patience - between(arrived, self._clock.now())
                    if (self._engine.forecast(model) or NONE) > left:
                        raise self._refused(model)
                    await self._engine.changed()
        except TimeoutError as exc:
            raise self._refused(model) from exc

    def _is_ready(self, model: ModelName) -> bool:
        return self._engine.standings()[model].state is ModelState.READY

    def _refused(self, model: ModelName) -> Refused:
        standing, expected = self._engine.standings()[model], self._engine.forecast(model)
        why = f"model {model} is {standing.state}" + (f": {standing.reason}" if standing.reason else "")
        if expected is None:
            return Refused(Refusal(Reason.STARTING, COME_BACK, f"{why}; nobody knows when it will be ready"))
        expected = max(SOONEST, expected)
        return Refused(Refusal(Reason.STARTING, expected, f"{why}; it should be ready in {expected:.1f} s"))
