"""Keeps the models of one Triton ready for as long as it lives, and finds out when it does not.

A model stays ready while its process lives and nobody who was failed by it finds it silent again.
"""

import asyncio
import itertools

import structlog

from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import ModelName, ModelSpec, ModelState
from node_agent.engines.triton.board import Board
from node_agent.engines.triton.bringing import CANARY_S, Bringer
from node_agent.engines.triton.curing import Healer
from node_agent.engines.triton.link import Link
from node_agent.engines.triton.sources import Reached

PERIOD_S = 0.5
"""Between two looks. One look costs 0.3 ms: a health call and one line of /proc per model."""

START_S = 20.0
"""A child is live after 0.3 s; on a machine that needs 20 s something else is wrong."""

POLL_S = 0.05

STRIKES = 3
"""Health calls that may fail in a row (2 s each) before an own Triton is ended and a stranger's counts as down."""

_log = structlog.get_logger()


class Keeper:
    """One Triton, from its first sign of life to its last."""

    def __init__(self, link: Link, reached: Reached, models: tuple[ModelSpec, ...], board: Board) -> None:
        self._link = link
        self._child = reached.child
        self._models = models
        self._board = board
        self._bringer = Bringer(link, reached, board)
        self._healer = Healer(self._bringer, board)

    @property
    def proved(self) -> bool:
        """True once any model has answered: what comes after it is a new trouble, not the old one again."""
        return self._bringer.proved

    async def await_live(self) -> None:
        """Return when Triton answers. Raises `EngineError` if it exits or takes too long."""
        try:
            async with asyncio.timeout(START_S):
                while not await self._lives():
                    self._require_child()
                    await asyncio.sleep(POLL_S)
        except TimeoutError as exc:
            raise EngineError(Fault.UNREACHABLE, "the engine did not start in time") from exc

    async def load_all(self) -> None:
        """Load and try every model. One that fails is left to `watch`, unless it is the only hope."""
        for model in self._models:
            await self._bringer.bring(model, CANARY_S)
        await self._bringer.count_processes()

    async def watch(self) -> None:
        """Look after the models for ever. Raises `EngineError` when Triton as a whole must be given up."""
        while True:
            await self._round()

    async def _round(self) -> None:
        """One look at everything. While Triton does not answer no model counts as ready; then each must prove it."""
        doubts: dict[ModelName, Fault] = {}
        for strikes in itertools.count():
            doubts |= await self._board.doubts(PERIOD_S)
            self._require_child()
            if await self._lives():
                break
            doubts |= {model.name: Fault.UNREACHABLE for model in self._models}
            self._board.post_all(ModelState.FAILED, "the engine does not answer")
            if strikes + 1 >= STRIKES:
                raise EngineError(Fault.SILENT, "the engine no longer answers")
        for model in self._models:
            if not await self._is_well(model, doubts.get(model.name)):
                await self._healer.cure(model)

    async def _lives(self) -> bool:
        try:
            return await self._link.live()
        except EngineError:
            return False

    def _require_child(self) -> None:
        if self._child is not None and self._child.exited:
            _log.warning("triton exited", last_words=self._child.last_words())
            raise EngineError(Fault.UNREACHABLE, "the engine exited")

    async def _is_well(self, model: ModelSpec, doubt: Fault | None) -> bool:
        if not self._bringer.lives(model):
            return False
        if not self._bringer.owned and not await self._bringer.ready(model):
            return False
        if doubt is Fault.SILENT and self._healer.is_stuck(model):
            return False
        if doubt is not None and await self._bringer.proves(model):
            self._board.post(model.name, ModelState.READY)
            return True
        return doubt is None and self._board.standings()[model.name].state is ModelState.READY
