"""Serves tasks of every kind: a model's gate, then the engine, with a limit on silence and an account at the end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, suppress
from typing import Generic, TypeVar

from node_agent.core.claim import ANYONE, Claim
from node_agent.core.errors import EngineError, Fault, Refused
from node_agent.core.models import ModelName
from node_agent.core.task import S_co, Step, Task
from node_agent.core.units import Seconds
from node_agent.runtime.door import SHUTTING_DOWN, Door
from node_agent.runtime.gate import Gate
from node_agent.runtime.meter import Meter
from node_agent.runtime.ports import Clock, Engine, Ledger
from node_agent.runtime.warmth import Warmth

S = TypeVar("S", bound=Step)

END_S = 1.0
"""Between an answer's last step and the end of its stream, which takes a millisecond or two."""


class Answer(Generic[S_co]):
    """The steps of one answer, to be iterated over once, and what it has taken so far."""

    def __init__(self, steps: AsyncGenerator[S_co, None], meter: Meter) -> None:
        self._steps = steps
        self._meter = meter

    def __aiter__(self) -> "Answer[S_co]":
        return self

    async def __anext__(self) -> S_co:
        return await anext(self._steps)

    @property
    def waited(self) -> Seconds:
        """In the queue."""
        return self._meter.waited

    @property
    def first(self) -> Seconds | None:
        """From arrival to the first of the answer; None before it."""
        return self._meter.first

    @property
    def took(self) -> Seconds:
        """From arrival to now."""
        return self._meter.so_far


class Service:
    """The one way to a model."""

    def __init__(  # noqa: PLR0913, PLR0917 - what stands between a client and a model, in one place
        self,
        engine: Engine,
        warmth: Warmth,
        gates: Mapping[ModelName, Gate],
        door: Door,
        ledger: Ledger,
        clock: Clock,
        idle: Seconds,
    ) -> None:
        self._engine = engine
        self._warmth = warmth
        self._gates = gates
        self._door = door
        self._ledger = ledger
        self._clock = clock
        self._idle = idle

    @asynccontextmanager
    async def answer(self, task: Task[S], claim: Claim = ANYONE) -> AsyncIterator[Answer[S]]:
        """The steps of the answer to *task*. Leaving the block frees the slot and stops the model.

        Raises `Refused` before the first step, or when the node gives up; `EngineError` at any time.
        """
        meter = Meter(task, claim.caller, self._clock)
        try:
            claim.require(task.model)
            self._require_open()
            gate = self._gates[task.model]
            with self._door.inside():
                async with AsyncExitStack() as held:
                    async with self._door.waiting():
                        warmed = await held.enter_async_context(self._warmth.warm(task.model, claim))
                        turn = await held.enter_async_context(gate.slot(claim))
                    meter.waited = Seconds(warmed + turn.waited)
                    steps = await held.enter_async_context(aclosing(self._steps(task, meter)))
                    yield Answer(steps, meter)
                    turn.work = meter.work()
        except BaseException as exc:
            meter.ended(exc)
            raise
        finally:
            account = meter.account()
            self._ledger.record(account)
            claim.settle(account)

    def _require_open(self) -> None:
        if self._door.draining:
            raise Refused(SHUTTING_DOWN)

    async def _steps(self, task: Task[S], meter: Meter) -> AsyncGenerator[S, None]:
        try:
            async with aclosing(self._engine.generate(task)) as steps:
                while True:
                    meter.waits()
                    step = await self._next(steps)
                    meter.note(step)
                    yield step
                    meter.taken(step)
                    if step.usage is not None:
                        await self._ended(steps)
                        return
        except EngineError as exc:
            self._engine.doubt(task.model, exc)
            raise

    async def _ended(self, steps: AsyncGenerator[S, None]) -> None:
        """Let the engine end by itself: Triton 2.51 crashes on cancels that meet the end of an answer, 1 in 70."""
        with suppress(TimeoutError, EngineError):
            async with self._door.waiting(), asyncio.timeout(END_S):
                async for _ in steps:
                    pass

    async def _next(self, steps: AsyncGenerator[S, None]) -> S:
        """The next step. A frozen engine gives no error at all: only silence tells."""
        try:
            async with self._door.waiting(), asyncio.timeout(self._idle):
                return await anext(steps)
        except TimeoutError as exc:
            raise EngineError(Fault.SILENT, f"nothing came from the model for {self._idle:g} s") from exc
        except StopAsyncIteration as exc:
            raise EngineError(Fault.BROKEN, "the model stopped without finishing its answer") from exc
