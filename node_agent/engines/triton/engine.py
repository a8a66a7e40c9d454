"""Triton as the runtime's `Engine`: one that is started, kept, restarted, and never believed without proof."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import TypeVar, cast

import structlog

from node_agent.core.backoff import pause
from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import ModelName, ModelSpec, ModelState, Standing, Tally
from node_agent.core.task import Step, Task
from node_agent.engines.triton.board import Board
from node_agent.engines.triton.codecs import codec_of
from node_agent.engines.triton.codecs.codec import read
from node_agent.engines.triton.floor import check
from node_agent.engines.triton.keeper import Keeper
from node_agent.engines.triton.link import Link
from node_agent.engines.triton.sources import Reached, Source

S = TypeVar("S", bound=Step)

_log = structlog.get_logger()


class TritonEngine:
    """Serves *models* from the Triton that *source* gives."""

    def __init__(self, models: tuple[ModelSpec, ...], source: Source, *, allow_unpatched: bool) -> None:
        self._models = {model.name: model for model in models}
        self._codecs = {model.name: codec_of(model) for model in models}
        self._source = source
        self._allow_unpatched = allow_unpatched
        self._board = Board(tuple(self._models))
        self._link: Link | None = None
        self._failures = 0
        self._starts = 0

    def standings(self) -> Mapping[ModelName, Standing]:
        """From memory."""
        return self._board.standings()

    def tally(self) -> Tally:
        """Starts after the first one, and models loaded again."""
        return Tally(restarts=max(0, self._starts - 1), reloads=self._board.reloads)

    def doubt(self, model: ModelName, error: EngineError) -> None:
        """Look at *model* now. Only a look decides: it may have died and been mended since the request began."""
        if not error.fault.is_callers:
            self._board.doubt(model, error.fault)

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
            try:
                async with self._source.open() as reached:
                    await self._keep(reached)
            except (EngineError, OSError) as exc:
                self._failures += 1
                self._board.post_all(ModelState.FAILED, "the engine was lost and is started again")
                _log.warning("engine lost", cause=str(exc), failures=self._failures)
            await asyncio.sleep(pause(self._failures))

    async def _keep(self, reached: Reached) -> None:
        link = Link(reached.address)
        keeper = Keeper(link, reached, tuple(self._models.values()), self._board)
        try:
            await keeper.await_live()
            patched = check(await link.version(), reached.address, allow_unpatched=self._allow_unpatched)
            if not patched:
                _log.warning(
                    "this Triton is older than the security floor and was allowed by --allow-unpatched-triton"
                )
            self._link = link
            await keeper.load_all()
            _log.info("engine up", models={name: s.state for name, s in self.standings().items()})
            await keeper.watch()
        finally:
            self._link = None
            if keeper.proved:
                self._failures = 0
            self._board.post_all(ModelState.FAILED, "the engine is gone")
            await link.close()
