"""Keeps the models of one Triton ready for as long as it lives, and finds out when it does not.

A model stays ready while its process lives and nobody who was failed by it finds it silent again. The loop only
looks and hands out work: what takes long for one model (a load, a proof, a cure) holds up no other.
"""

import asyncio
import itertools
from collections.abc import Mapping, Sequence

import structlog

from node_agent.core.errors import EngineError, Fault, innermost
from node_agent.core.models import Footprint, ModelName, ModelSpec, ModelState
from node_agent.core.units import Seconds
from node_agent.engines.board import Board
from node_agent.engines.tenants import Tenants
from node_agent.engines.triton.bringing import Bringer
from node_agent.engines.triton.curing import Healer
from node_agent.engines.triton.link import Link
from node_agent.engines.triton.moving import Mover
from node_agent.engines.triton.scales import Scales
from node_agent.engines.triton.sources import Reached

PERIOD_S = 0.5
"""Between two looks. One look costs 0.3 ms: a health call and one line of /proc per model."""

START_S = 20.0
"""A child is live after 0.3 s; on a machine that needs 20 s something else is wrong."""

POLL_S = 0.05

STRIKES = 3
"""Health calls that may fail in a row (2 s each) before an own Triton is ended and a stranger's counts as down."""

REST = Seconds(30.0)
"""Between two rounds of attempts at a model that cannot be loaded, while others are well."""

_log = structlog.get_logger()


class Keeper:
    """One Triton, from its first sign of life to its last."""

    def __init__(
        self, link: Link, reached: Reached, models: Sequence[ModelSpec], board: Board, tenants: Tenants
    ) -> None:
        self._link = link
        self._child = reached.child
        self._models = models
        self._board = board
        self._tenants = tenants
        self._bringer = Bringer(link, reached, board)
        self._healer = Healer(self._bringer, board, tenants)
        self._mover = Mover(self._bringer, models, board, tenants)
        self._scales = Scales(self._bringer, models, tenants)
        self._doubts: dict[ModelName, Fault] = {}
        """Of models that are being worked on: they are looked into after it."""

    @property
    def footprints(self) -> Sequence[Footprint]:
        """What each model's process was found to take, of late."""
        return self._scales.footprints

    async def await_live(self) -> None:
        """Return when Triton answers. Raises `EngineError` if it exits or takes too long."""
        try:
            async with asyncio.timeout(START_S):
                while not await self._lives():
                    self._require_child()
                    await asyncio.sleep(POLL_S)
        except TimeoutError as exc:
            raise EngineError(Fault.UNREACHABLE, "the engine did not start in time") from exc

    async def keep(self) -> None:
        """Load and look after the models for ever. Raises `EngineError` when Triton as a whole must be given up."""
        self._tenants.restart()
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    self._mover.move(group)
                    await self._look(group, await self._hear())
        except BaseExceptionGroup as exc:
            raise innermost(exc) from None

    async def _hear(self) -> Mapping[ModelName, Fault]:
        """Doubts, once Triton answers. While it does not no model counts as ready; then each must prove it."""
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
        return doubts

    async def _lives(self) -> bool:
        try:
            return await self._link.live()
        except EngineError:
            return False

    def _require_child(self) -> None:
        if self._child is not None and self._child.exited:
            _log.warning("triton exited", last_words=self._child.last_words())
            raise EngineError(Fault.UNREACHABLE, "the engine exited")

    async def _look(self, group: asyncio.TaskGroup, doubts: Mapping[ModelName, Fault]) -> None:
        """One look at every model in memory that nobody works on; those that need more than a look get it."""
        self._doubts |= doubts
        for model in filter(lambda each: self._tenants[each.name].settled, self._models):
            doubt = self._doubts.pop(model.name, None)
            if doubt is not None or not await self._seems_well(model):
                self._tenants.busy(model.name)
                group.create_task(self._mend(model, doubt))
        await self._scales.weigh()

    async def _seems_well(self, model: ModelSpec) -> bool:
        ready = self._board.standings()[model.name].state is ModelState.READY
        return ready and self._bringer.lives(model) and (self._bringer.owned or await self._bringer.ready(model))

    async def _mend(self, model: ModelSpec, doubt: Fault | None) -> None:
        """Clear *doubt*, or cure *model*; one that cannot be cured leaves, to be tried again later."""
        if doubt is not None and await self._withstands(model, doubt):
            self._board.post(model.name, ModelState.READY)
            self._tenants.idle(model.name)
        elif not await self._healer.cure(model):
            if self._bringer.owned:
                await self._bringer.discard(model)
            why = self._board.standings()[model.name].reason
            self._board.post(model.name, ModelState.FAILED, f"{why}, and is tried again in {REST:g} s")
            self._tenants.left(model.name, REST)

    async def _withstands(self, model: ModelSpec, doubt: Fault) -> bool:
        if not self._bringer.lives(model) or not (self._bringer.owned or await self._bringer.ready(model)):
            return False
        if doubt is Fault.SILENT and self._healer.is_stuck(model):
            return False
        return await self._bringer.proves(model)
