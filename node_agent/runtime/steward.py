"""Loads and unloads models because the operator says so."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from node_agent.core.errors import Refused
from node_agent.core.models import Footprint, ModelName, ModelState, Standing
from node_agent.core.units import Seconds
from node_agent.runtime.ports import Engine
from node_agent.runtime.warmth import Warmth

LOAD = Seconds(60.0)
"""An operator waits this long; then it is told that the model is loading still."""

UNLOAD_S = 15.0

LEAVING = frozenset({ModelState.READY, ModelState.UNLOADING})


class Steward:
    """The operator's hands on *engine*."""

    def __init__(self, engine: Engine, warmth: Warmth) -> None:
        self._engine = engine
        self._warmth = warmth

    async def load(self, model: ModelName) -> Standing:
        """How *model* stands once it is loaded, or as far as that got."""
        with suppress(Refused), self._engine.hold(model):
            await self._warmth.wait(model, LOAD)
        return self._engine.standings()[model]

    async def unload(self, model: ModelName) -> str:
        """Unload *model*; why not, if it cannot be."""
        obstacle = self._engine.dismiss(model)
        if obstacle:
            return obstacle
        with suppress(TimeoutError):
            async with asyncio.timeout(UNLOAD_S):
                while self._engine.standings()[model].state in LEAVING:
                    await self._engine.changed()
                return ""
        return "it takes longer than it should"

    def footprints(self) -> Sequence[Footprint]:
        """What loaded models were measured to take."""
        return self._engine.footprints()
