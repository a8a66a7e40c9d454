"""Cures for models that fail: loaded again, less and less often, and in the end all of their Triton is given up."""

import asyncio

import structlog

from node_agent.core.backoff import pause
from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import ModelName, ModelSpec, ModelState
from node_agent.core.units import Instant
from node_agent.engines.board import Board
from node_agent.engines.tenants import Tenants, now
from node_agent.engines.triton import bringing
from node_agent.engines.triton.bringing import Bringer

STUCK_S = 300.0
"""A model that goes silent twice within this, though its canary passed in between, has a stuck slot that the canary
does not get: it is loaded again. Without cause that would cost a second and the answers under way."""

STEADY_S = 300.0
"""A model that falls within this after it was loaded is loaded again later and later: what kills it (the kernel, for
want of memory) is likely to do so again."""

ATTEMPTS = 3
"""Reloads of one model that may fail in a row before the whole of an own Triton is started anew."""

HOPEFUL = frozenset({ModelState.READY, ModelState.LOADING})
"""Of these nothing bad is known: what is loaded again after it failed is `FAILED` until it answers."""

_log = structlog.get_logger()


class Healer:
    """Makes models well again."""

    def __init__(self, bringer: Bringer, board: Board, tenants: Tenants) -> None:
        self._bringer = bringer
        self._board = board
        self._tenants = tenants
        self._silences: dict[ModelName, float] = {}
        self._falls: dict[ModelName, int] = {}

    def is_stuck(self, model: ModelSpec) -> bool:
        """True if *model* is silent again so soon. A stranger's cannot be cured of it and is never stuck."""
        before = self._silences.get(model.name, -STUCK_S)
        self._silences[model.name] = now()
        return self._bringer.owned and now() - before < STUCK_S

    async def cure(self, model: ModelSpec) -> bool:
        """Whether *model* is well again. Raises `EngineError` if its Triton must be given up for it.

        It must not while another model is well, or on its way: for those who use that one, nothing would be gained.
        """
        fell = self._fell(model)
        for attempt in range(ATTEMPTS):
            await self._rest(model, max(attempt, fell - 1))
            fault = await self._reload(model)
            if fault is None:
                return True
            if fault is Fault.SILENT and self._bringer.owned and self._is_alone(model):
                raise EngineError(Fault.SILENT, f"{model.name} is silent although it was loaded again")
        if not self._is_alone(model):
            return False
        raise EngineError(Fault.BROKEN, f"{model.name} cannot be loaded")

    def _fell(self, model: ModelSpec) -> int:
        """How often in a row *model* has fallen soon after it was loaded, this time included."""
        soon = now() - self._tenants[model.name].came < STEADY_S
        self._falls[model.name] = self._falls.get(model.name, 0) + 1 if soon else 0
        return self._falls[model.name]

    async def _rest(self, model: ModelSpec, failures: int) -> None:
        rest, falls = pause(failures), self._falls[model.name]
        why = f"it fell {falls} times soon after it was loaded" if falls > 1 else "it stopped answering"
        when = f"is loaded again in {rest:g} s" if rest else "is loaded again"
        self._tenants[model.name].rests = Instant(now() + rest)
        self._board.post(model.name, ModelState.FAILED, f"{why} and {when}")
        await asyncio.sleep(rest)

    async def _reload(self, model: ModelSpec) -> Fault | None:
        """Unload and load: the only cure for a dead model process. A load alone does nothing to what is "ready".

        A stranger's is only loaded: others may be using it.
        """
        _log.warning("reloading", model=model.name)
        self._silences.pop(model.name, None)
        self._tenants.begin(model.name)
        if self._bringer.owned:
            await self._bringer.discard(model)
        fault = await self._bringer.bring(model, bringing.PROOF_S)
        if fault is None:
            self._tenants.came(model.name)
            self._board.reloads += 1
        return fault

    def _is_alone(self, model: ModelSpec) -> bool:
        """Whether no other model is well, or loads, or waits for the room that *model* takes."""
        standings = self._board.standings().items()
        others = any(name != model.name and standing.state in HOPEFUL for name, standing in standings)
        return not others and not self._tenants.awaits_another(model.name)
