"""Triton as the runtime's `Engine`: one that is started, kept, restarted, and never believed without proof."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing
from typing import TypeVar, cast

import structlog

from node_agent.core.backoff import pause
from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import Footprint, ModelName, ModelSpec, ModelState, Standing, Tally
from node_agent.core.task import Step, Task
from node_agent.core.units import Instant, Seconds
from node_agent.engines.board import Board
from node_agent.engines.tenants import NEVER, Tenants, now
from node_agent.engines.triton.codecs import codec_of
from node_agent.engines.triton.codecs.codec import read
from node_agent.engines.triton.curing import STEADY_S
from node_agent.engines.triton.floor import check
from node_agent.engines.triton.keeper import Keeper
from node_agent.engines.triton.link import Link
from node_agent.engines.triton.sources import Reached, Source

START = Seconds(1.0)
"""What a start of Triton is expected to take, less the loads: 0.3 s, and the pause before it."""

S = TypeVar("S", bound=Step)

_log = structlog.get_logger()


class TritonEngine:
    """Serves *models* from the Triton that *source* gives."""

    def __init__(
        self, models: tuple[ModelSpec, ...], source: Source, tenants: Tenants, *, allow_unpatched: bool
    ) -> None:
        self._models = {model.name: model for model in models}
        self._codecs = {model.name: codec_of(model) for model in models}
        self._source = source
        self._tenants = tenants
        self._allow_unpatched = allow_unpatched
        self._board = Board(tuple(self._models))
        self._tenants.wake, self._tenants.goes = self._board.wake, self._board.goes
        self._link: Link | None = None
        self._keeper: Keeper | None = None
        self._failures = 0
        self._starts = 0
        self._again = NEVER

    def standings(self) -> Mapping[ModelName, Standing]:
        """From memory."""
        return self._board.standings()

    def tally(self) -> Tally:
        """Starts after the first one, and models loaded again."""
        return Tally(restarts=max(0, self._starts - 1), reloads=self._board.reloads)

    def doubt(self, model: ModelName, error: EngineError) -> None:
        """Look at *model* now. Only a look decides: it may have died and been mended since the request began."""
        if error.fault.is_loss and self._board.standings()[model].state is ModelState.READY:
            self._board.post(model, ModelState.FAILED, "a request was lost, and it is looked at")
        if not error.fault.is_callers:
            self._board.doubt(model, error.fault)

    def hold(self, model: ModelName) -> AbstractContextManager[None]:
        """As the register does."""
        return self._tenants.hold(model)

    async def changed(self) -> None:
        """As the board says."""
        await self._board.changed()

    def forecast(self, model: ModelName) -> Seconds | None:
        """As the register knows, and a start of Triton's where there is none."""
        start = 0.0 if self._keeper is not None else START + max(0.0, self._again - now())
        rest = self._tenants.forecast(model, self.standings()[model])
        return None if rest is None else Seconds(start + rest)

    def dismiss(self, model: ModelName) -> str:
        """A stranger's model may be somebody else's too."""
        if not self._source.owned:
            return "the Triton is somebody else's"
        return self._tenants.dismiss(model)

    def footprints(self) -> Sequence[Footprint]:
        """As they were weighed of late."""
        return () if self._keeper is None else self._keeper.footprints

    async def generate(self, task: Task[S]) -> AsyncGenerator[S, None]:
        """One gRPC stream of its own, so that a cancel reaches the model within a token."""
        if self._link is None:
            raise EngineError(Fault.UNREACHABLE, "the engine cannot be reached")
        codec = self._codecs[task.model]
        reader = codec.reader(task)
        async with aclosing(self._link.stream(self._models[task.model].triton_model, codec.encode(task))) as answers:
            async for answer in answers:
                step = read(reader, answer)
                self._board.hear(task.model)
                yield cast(S, step)  # a codec's steps are those of its tasks
        if (last := reader.end()) is not None:
            yield cast(S, last)

    async def run(self) -> None:
        """Start, keep, and start again until cancelled.

        Raises `ConfigError` for a Triton below the floor, `ArtefactError` for models that cannot be had.
        """
        while True:
            self._starts += 1
            began = now()
            try:
                async with self._source.open() as reached:
                    await self._keep(reached)
            except (EngineError, OSError) as exc:
                await self._lost(exc, Seconds(now() - began))

    async def _lost(self, exc: Exception, lived: Seconds) -> None:
        """Wait before the next start: longer and longer while none lives for long."""
        self._failures = 1 if lived > STEADY_S else self._failures + 1
        rest = pause(self._failures)
        self._again = Instant(now() + rest)
        often = f" {self._failures} times in a row" if self._failures > 1 else ""
        self._board.post_all(ModelState.FAILED, f"the engine was lost{often} and is started again in {rest:g} s")
        _log.warning("engine lost", cause=str(exc), failures=self._failures)
        await asyncio.sleep(rest)

    async def _keep(self, reached: Reached) -> None:
        link = Link(reached.address)
        keeper = Keeper(link, reached, tuple(self._models.values()), self._board, self._tenants)
        try:
            await keeper.await_live()
            patched = check(await link.version(), reached.address, allow_unpatched=self._allow_unpatched)
            if not patched:
                _log.warning(
                    "this Triton is older than the security floor and was allowed by --allow-unpatched-triton"
                )
            self._link, self._keeper = link, keeper
            _log.info("engine up")
            await keeper.keep()
        finally:
            self._link = self._keeper = None
            self._board.post_all(ModelState.FAILED, "the engine is gone")
            await link.close()
