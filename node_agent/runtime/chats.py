"""Answers chats: a model's gate, then the engine, with a limit on silence and an account at the end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress

from node_agent.core.chat import Piece, Prompt
from node_agent.core.errors import EngineError, Fault, Reason, Refusal, Refused
from node_agent.core.models import ModelName, ModelState
from node_agent.core.units import Seconds
from node_agent.runtime.door import COME_BACK, SHUTTING_DOWN, Door
from node_agent.runtime.gate import Gate
from node_agent.runtime.meter import Meter
from node_agent.runtime.ports import Clock, Engine, Ledger


END_S = 1.0
"""Between an answer's last piece and the end of its stream, which takes a millisecond or two."""


class Chats:
    """The read path of the node."""

    def __init__(
        self, engine: Engine, gates: Mapping[ModelName, Gate], door: Door, ledger: Ledger, clock: Clock, idle: Seconds
    ) -> None:
        self._engine = engine
        self._gates = gates
        self._door = door
        self._ledger = ledger
        self._clock = clock
        self._idle = idle

    @asynccontextmanager
    async def answer(self, prompt: Prompt) -> AsyncIterator[AsyncGenerator[Piece, None]]:
        """The pieces of the answer to *prompt*. Leaving the block frees the slot and stops the model.

        Raises `Refused` before the first piece, or when the node gives up; `EngineError` at any time.
        """
        meter = Meter(prompt.model, self._clock)
        try:
            self._require_ready(prompt.model)
            gate = self._gates[prompt.model]
            with self._door.inside():
                async with AsyncExitStack() as held:
                    async with self._door.waiting():
                        turn = await held.enter_async_context(gate.slot())
                    meter.waited = turn.waited
                    yield await held.enter_async_context(aclosing(self._pieces(prompt, meter)))
                    turn.work = meter.work()
        except BaseException as exc:
            meter.ended(exc)
            raise
        finally:
            self._ledger.record(meter.account())

    def _require_ready(self, model: ModelName) -> None:
        if self._door.draining:
            raise Refused(SHUTTING_DOWN)
        standing = self._engine.standings()[model]
        if standing.state is not ModelState.READY:
            detail = f"model {model} is {standing.state}: {standing.reason}"
            raise Refused(Refusal(Reason.STARTING, COME_BACK, detail))

    async def _pieces(self, prompt: Prompt, meter: Meter) -> AsyncGenerator[Piece, None]:
        try:
            async with aclosing(self._engine.generate(prompt)) as pieces:
                while True:
                    meter.waits()
                    piece = await self._next(pieces)
                    meter.note(piece)
                    yield piece
                    if piece.finish is not None:
                        await self._ended(pieces)
                        return
        except EngineError as exc:
            self._engine.doubt(prompt.model, exc)
            raise

    async def _ended(self, pieces: AsyncGenerator[Piece, None]) -> None:
        """Let the engine end by itself: Triton 2.51 crashes on cancels that meet the end of an answer, 1 in 70."""
        with suppress(TimeoutError, EngineError):
            async with self._door.waiting(), asyncio.timeout(END_S):
                async for _ in pieces:
                    pass

    async def _next(self, pieces: AsyncGenerator[Piece, None]) -> Piece:
        """The next piece. A frozen engine gives no error at all: only silence tells."""
        try:
            async with self._door.waiting(), asyncio.timeout(self._idle):
                return await anext(pieces)
        except TimeoutError as exc:
            raise EngineError(Fault.SILENT, f"nothing came from the model for {self._idle:g} s") from exc
        except StopAsyncIteration as exc:
            raise EngineError(Fault.BROKEN, "the model stopped without finishing its answer") from exc
