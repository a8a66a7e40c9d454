"""Cures for models that fail: loaded again, a few times, and then all of their Triton is given up."""

import asyncio

import structlog

from node_agent.core.backoff import pause
from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import ModelName, ModelSpec, ModelState
from node_agent.engines.triton import bringing
from node_agent.engines.triton.board import Board
from node_agent.engines.triton.bringing import Bringer

STUCK_S = 300.0
"""A model that goes silent twice within this, though its canary passed in between, has a stuck slot that the canary
does not get: it is loaded again. Without cause that would cost a second and the answers under way."""

ATTEMPTS = 3
"""Reloads of one model that may fail in a row before the whole of an own Triton is started anew."""

_log = structlog.get_logger()


class Healer:
    """Makes models well again."""

    def __init__(self, bringer: Bringer, board: Board) -> None:
        self._bringer = bringer
        self._board = board
        self._silences: dict[ModelName, float] = {}

    def is_stuck(self, model: ModelSpec) -> bool:
        """True if *model* is silent again so soon. A stranger's cannot be cured of it and is never stuck."""
        now = asyncio.get_running_loop().time()
        before = self._silences.get(model.name, -STUCK_S)
        self._silences[model.name] = now
        return self._bringer.owned and now - before < STUCK_S

    async def cure(self, model: ModelSpec) -> None:
        """Return when *model* is well. Raises `EngineError` if its Triton must be given up for it."""
        for attempt in range(ATTEMPTS):
            await asyncio.sleep(pause(attempt))
            if await self._reload(model):
                return
        raise EngineError(Fault.BROKEN, f"{model.name} cannot be loaded")

    async def _reload(self, model: ModelSpec) -> bool:
        """Unload and load: the only cure for a dead model process. A load alone does nothing to what is "ready".

        A stranger's is only loaded: others may be using it. Raises `EngineError` if an own model is silent even then.
        """
        self._board.post(model.name, ModelState.FAILED, "it stopped answering and is loaded again")
        _log.warning("reloading", model=model.name)
        self._silences.pop(model.name, None)
        if self._bringer.owned:
            await self._bringer.unload(model)
        fault = await self._bringer.bring(model, bringing.PROOF_S)
        await self._bringer.count_processes()
        if fault is Fault.SILENT and self._bringer.owned:
            raise EngineError(Fault.SILENT, f"{model.name} is silent although it was loaded again")
        self._board.reloads += fault is None
        return fault is None
