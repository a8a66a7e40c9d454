"""Brings models of one Triton up, lets them go, and asks them for a proof of life.

Triton's own word is not trusted: a model is up when it has answered a canary, and its process is looked for in the
process table.
"""

import asyncio
from contextlib import aclosing, suppress

import structlog

from node_agent.core.errors import ArtefactError, EngineError, Fault
from node_agent.core.models import ModelName, ModelSpec, ModelState
from node_agent.core.task import Step
from node_agent.engines.board import Board
from node_agent.engines.triton import census
from node_agent.engines.triton.codecs import codec_of
from node_agent.engines.triton.codecs.codec import read
from node_agent.engines.triton.link import Link
from node_agent.engines.triton.sources import Reached

CANARY_S = 20.0
"""A first answer: the model may still be paging its weights in."""

PROOF_S = 5.0
"""For a doubted model to show any sign of life: a prompt being read shows one every 3 s on the slowest machine."""

LEAVE_S = 10.0
"""For the process of a model that is unloaded to end: it takes 1.3 s. One that does not is killed."""

POLL_S = 0.05

_log = structlog.get_logger()


class Bringer:
    """The hands on one Triton's models."""

    def __init__(self, link: Link, reached: Reached, board: Board) -> None:
        self._link = link
        self._child = reached.child
        self._repair = reached.repair
        self._looked_at: set[ModelName] = set()
        self._board = board
        self._processes: dict[str, int] = {}

    @property
    def owned(self) -> bool:
        """Whether the Triton is our own child; a stranger's is only asked."""
        return self._child is not None

    async def bring(self, model: ModelSpec, patience: float) -> Fault | None:
        """Load *model* and make it answer once; what was wrong if it did not."""
        if not await self._load(model):
            self._board.post(model.name, ModelState.FAILED, "it could not be loaded")
            return Fault.BROKEN
        if fault := await self._fault(model, patience):
            self._board.post(model.name, ModelState.FAILED, f"it is loaded but does not answer: {fault}")
            return fault
        await self.count_processes()
        self._board.post(model.name, ModelState.READY)
        return None

    async def release(self, model: ModelSpec) -> None:
        """Unload *model*, which is well, and return when its memory is free."""
        await self._unload(model)
        with suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_S):
                while model.triton_model in self._processes and self.lives(model):  # noqa: ASYNC110 - another's child
                    await asyncio.sleep(POLL_S)
        self._kill_process(model)

    async def discard(self, model: ModelSpec) -> None:
        """Unload *model* for good, its process first: it may be dead, or stuck."""
        self._kill_process(model)
        await self._unload(model)

    async def _unload(self, model: ModelSpec) -> None:
        try:
            await self._link.unload(model.triton_model)
        except EngineError as exc:
            _log.warning("unload failed", model=model.name, fault=exc.fault)

    def lives(self, model: ModelSpec) -> bool:
        """False if *model*'s process is known and dead."""
        process = self._processes.get(model.triton_model)
        return process is None or census.lives(process)

    async def ready(self, model: ModelSpec) -> bool:
        """Triton's word for it."""
        try:
            return await self._link.ready(model.triton_model, model.version)
        except EngineError:
            return False

    async def proves(self, model: ModelSpec) -> bool:
        """True if *model* gives any sign of life: to the canary, or to anyone, when all its slots are taken."""
        before = self._board.heard(model.name)
        return await self._fault(model, PROOF_S) is None or self._board.heard(model.name) > before

    async def count_processes(self) -> None:
        """Find the models' processes."""
        if self._child is not None:
            self._processes = dict(await asyncio.to_thread(census.model_processes, self._child.pid))

    def process(self, model: ModelSpec) -> int | None:
        """Id of *model*'s process; None if it is unknown."""
        return self._processes.get(model.triton_model)

    def _kill_process(self, model: ModelSpec) -> None:
        process = self._processes.pop(model.triton_model, None)
        if process is not None and census.lives(process):
            census.kill(process)
        self._link.drop(model.triton_model)

    async def _load(self, model: ModelSpec) -> bool:
        """True if *model* is loaded now. A stranger's Triton may refuse to load anything and hold it all the same."""
        try:
            await self._link.load(model.triton_model)
        except EngineError as exc:
            _log.warning("load failed", model=model.name, fault=exc.fault, cause=str(exc.__cause__))
            if await self._repaired(model):
                return await self._load(model)
            return not self.owned and await self.ready(model)
        return True

    async def _repaired(self, model: ModelSpec) -> bool:
        """Whether a file of *model* was damaged, and is not any more. Each model is looked at once."""
        if self._repair is None or model.name in self._looked_at:
            return False
        self._looked_at.add(model.name)
        try:
            return await self._repair(model)
        except ArtefactError as exc:
            _log.warning("not repaired", model=model.name, cause=str(exc))
            return False

    async def _fault(self, model: ModelSpec, patience: float) -> Fault | None:
        """None if *model* answers a canary."""
        codec = codec_of(model)
        canary = codec.canary()
        reader = codec.reader(canary)
        steps: list[Step] = []
        try:
            async with asyncio.timeout(patience):
                async with aclosing(self._link.stream(model.triton_model, codec.encode(canary))) as answers:
                    steps += [read(reader, answer) async for answer in answers]
        except TimeoutError:
            return Fault.SILENT
        except EngineError as exc:
            return exc.fault
        last = reader.end() or (steps[-1] if steps else None)
        return None if last is not None and last.usage is not None else Fault.BROKEN
