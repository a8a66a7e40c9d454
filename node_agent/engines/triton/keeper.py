"""Keeps the models of one Triton ready for as long as it lives, and finds out when it does not.

Triton's own word is not trusted: a model is ready when it has answered a canary, and stays so while its process
lives and nobody who was failed by it finds it silent again.
"""

import asyncio
import itertools
from contextlib import aclosing

import structlog

from node_agent.core.backoff import pause
from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import ModelName, ModelSpec, ModelState
from node_agent.core.task import Step
from node_agent.engines.triton import census
from node_agent.engines.triton.board import Board
from node_agent.engines.triton.codecs import codec_of
from node_agent.engines.triton.codecs.codec import read
from node_agent.engines.triton.link import Link
from node_agent.engines.triton.sources import Reached

PERIOD_S = 0.5
"""Between two looks. One look costs 0.3 ms: a health call and one line of /proc per model."""

START_S = 20.0
"""A child is live after 0.3 s; on a machine that needs 20 s something else is wrong."""

POLL_S = 0.05

CANARY_S = 20.0
"""A first answer: the model may still be paging its weights in."""

PROOF_S = 5.0
"""For a doubted model to show any sign of life: a prompt being read shows one every 3 s on the slowest machine."""

STUCK_S = 300.0
"""A model that goes silent twice within this, though its canary passed in between, has a stuck slot that the canary
does not get: it is loaded again. Without cause that would cost a second and the answers under way."""

STRIKES = 3
"""Health calls that may fail in a row (2 s each) before an own Triton is ended and a stranger's counts as down."""

ATTEMPTS = 3
"""Reloads of one model that may fail in a row before the whole of an own Triton is started anew."""

_log = structlog.get_logger()


class Keeper:
    """One Triton, from its first sign of life to its last."""

    def __init__(self, link: Link, reached: Reached, models: tuple[ModelSpec, ...], board: Board) -> None:
        self._link = link
        self._child = reached.child
        self._models = models
        self._board = board
        self._processes: dict[str, int] = {}
        self._silences: dict[ModelName, float] = {}
        self.proved = False
        """True once any model has answered: what comes after it is a new trouble, not the old one again."""

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
            await self._bring(model, CANARY_S)
        await self._count_processes()

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
            await self._look(model, doubts.get(model.name))

    async def _lives(self) -> bool:
        try:
            return await self._link.live()
        except EngineError:
            return False

    def _require_child(self) -> None:
        if self._child is not None and self._child.exited:
            _log.warning("triton exited", last_words=self._child.last_words())
            raise EngineError(Fault.UNREACHABLE, "the engine exited")

    async def _look(self, model: ModelSpec, doubt: Fault | None) -> None:
        if await self._is_well(model, doubt):
            return
        for attempt in range(ATTEMPTS):
            await asyncio.sleep(pause(attempt))
            if await self._reload(model):
                return
        raise EngineError(Fault.BROKEN, f"{model.name} cannot be loaded")

    async def _is_well(self, model: ModelSpec, doubt: Fault | None) -> bool:
        process = self._processes.get(model.triton_model)
        if process is not None and not census.lives(process):
            return False
        if self._child is None and not await self._ready(model):
            return False
        if doubt is Fault.SILENT and self._is_stuck(model):
            return False
        if doubt is not None and await self._proves(model):
            self._board.post(model.name, ModelState.READY)
            return True
        return doubt is None and self._board.standings()[model.name].state is ModelState.READY

    def _is_stuck(self, model: ModelSpec) -> bool:
        """True if *model* is silent again so soon. A stranger's cannot be cured of it and is never stuck."""
        now = asyncio.get_running_loop().time()
        before = self._silences.get(model.name, -STUCK_S)
        self._silences[model.name] = now
        return self._child is not None and now - before < STUCK_S

    async def _ready(self, model: ModelSpec) -> bool:
        try:
            return await self._link.ready(model.triton_model, model.version)
        except EngineError:
            return False

    async def _proves(self, model: ModelSpec) -> bool:
        """True if *model* gives any sign of life: to the canary, or to anyone, when all its slots are taken."""
        before = self._board.heard(model.name)
        return await self._fault(model, PROOF_S) is None or self._board.heard(model.name) > before

    async def _reload(self, model: ModelSpec) -> bool:
        """Unload and load: the only cure for a dead model process. A load alone does nothing to what is "ready".

        A stranger's is only loaded: others may be using it. Raises `EngineError` if an own model is silent even then.
        """
        self._board.post(model.name, ModelState.FAILED, "it stopped answering and is loaded again")
        _log.warning("reloading", model=model.name)
        self._silences.pop(model.name, None)
        if self._child is not None:
            await self._unload(model)
        fault = await self._bring(model, PROOF_S)
        await self._count_processes()
        if fault is Fault.SILENT and self._child is not None:
            raise EngineError(Fault.SILENT, f"{model.name} is silent although it was loaded again")
        self._board.reloads += fault is None
        return fault is None

    async def _unload(self, model: ModelSpec) -> None:
        self._kill_process(model)
        try:
            await self._link.unload(model.triton_model)
        except EngineError as exc:
            _log.warning("unload failed", model=model.name, fault=exc.fault)

    def _kill_process(self, model: ModelSpec) -> None:
        process = self._processes.pop(model.triton_model, None)
        if process is not None:
            census.kill(process)

    async def _bring(self, model: ModelSpec, patience: float) -> Fault | None:
        """Load *model* and make it answer once; what was wrong if it did not."""
        if not await self._load(model):
            self._board.post(model.name, ModelState.FAILED, "it could not be loaded")
            return Fault.BROKEN
        if fault := await self._fault(model, patience):
            self._board.post(model.name, ModelState.FAILED, f"it is loaded but does not answer: {fault}")
            return fault
        self.proved = True
        self._board.post(model.name, ModelState.READY)
        return None

    async def _load(self, model: ModelSpec) -> bool:
        """True if *model* is loaded now. A stranger's Triton may refuse to load anything and hold it all the same."""
        try:
            await self._link.load(model.triton_model)
        except EngineError as exc:
            _log.warning("load failed", model=model.name, fault=exc.fault, cause=str(exc.__cause__))
            return self._child is None and await self._ready(model)
        return True

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

    async def _count_processes(self) -> None:
        if self._child is not None:
            self._processes = dict(await asyncio.to_thread(census.model_processes, self._child.pid))
