"""Models on their way into memory and out of it."""

import asyncio
from collections.abc import Sequence

import structlog

from node_agent.core.models import ModelName, ModelSpec, ModelState
from node_agent.engines.board import Board
from node_agent.engines.tenants import Tenants
from node_agent.engines.triton.bringing import CANARY_S, Bringer

LOADS_AT_ONCE = 2
"""So that one slow load does not hold up the rest, and not all of them fight for the processors."""

_log = structlog.get_logger()


class Mover:
    """Does what the register of tenants decides."""

    def __init__(self, bringer: Bringer, models: Sequence[ModelSpec], board: Board, tenants: Tenants) -> None:
        self._bringer = bringer
        self._models = {model.name: model for model in models}
        self._board = board
        self._tenants = tenants
        self._loads = asyncio.Semaphore(LOADS_AT_ONCE)

    def move(self, group: asyncio.TaskGroup) -> None:
        """Who may come in comes, who must leave leaves, and who is outside says so."""
        for name, leave in self._tenants.admit():
            self._board.post(name, ModelState.LOADING, on_demand=not self._tenants[name].due)
            group.create_task(self._arrive(name, leave))
        for name in self._tenants.leavers():
            group.create_task(self._leave(name))
        for name, obstacle in self._tenants.outside():
            self._board.post(name, ModelState.COLD, obstacle)

    async def _arrive(self, name: ModelName, leave: Sequence[ModelName]) -> None:
        for other in leave:
            await self._leave(other)
        async with self._loads:
            self._tenants.begin(name)
            fault = await self._bringer.bring(self._models[name], CANARY_S)
        if fault is None:
            self._tenants.came(name)
            _log.info("loaded", model=name, seconds=self._tenants[name].took)
        else:
            self._tenants.idle(name)

    async def _leave(self, name: ModelName) -> None:
        await self._bringer.release(self._models[name])
        self._tenants.left(name)
        self._board.post(name, ModelState.COLD)
        _log.info("unloaded", model=name)
