"""Serves tasks of every kind: a model's gate, then the engine, with a limit on silence and an account at the end."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
    nullcontext,
    suppress,
)
from typing import TypeVar, cast

from node_agent.core.claim import ANYONE, Claim
from node_agent.core.errors import EngineError, Fault, Refused
from node_agent.core.models import ModelName
from node_agent.core.recall import Recall
from node_agent.core.task import Step, Task
from node_agent.core.units import Seconds
from node_agent.runtime.answer import Answer, Cache
from node_agent.runtime.door import SHUTTING_DOWN, Door
from node_agent.runtime.gate import Gate
from node_agent.runtime.meter import Meter
from node_agent.runtime.ports import Clock, Engine, Ledger
from node_agent.runtime.warmth import Warmth

S = TypeVar("S", bound=Step)

END_S = 1.0
"""Between an answer's last step and the end of its stream, which takes a millisecond or two."""


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
        recall: Recall,
    ) -> None:
        self._engine = engine
        self._warmth = warmth
        self._gates = gates
        self._door = door
        self._ledger = ledger
        self._clock = clock
        self._idle = idle
        self._recall = recall

    def visit(self) -> AbstractContextManager[None]:
        """Be inside for the length of the block, also between the answers there: who drains waits for all of them."""
        return self._door.inside()

    @asynccontextmanager
    async def answer(
        self, task: Task[S], claim: Claim = ANYONE, *, visiting: bool = False
    ) -> AsyncIterator[Answer[S]]:
        """The steps of the answer to *task*. Leaving the block frees the slot and stops the model.

        *visiting*: it is one of several of a `visit`, and not the first that was asked for.

        Raises `Refused` before the first step, or when the node gives up; `EngineError` at any time.
        """
        meter = Meter(task, claim.caller, self._clock)
        try:
            claim.require(task.model)
            if not visiting:
                self._require_open()
            with self._door.inside():
                async with self._remembered(task, claim, meter) or self._served(
                    task, claim, meter, begun=visiting
                ) as answer:
                    yield answer
        except BaseException as exc:
            meter.ended(exc)
            raise
        finally:
            account = meter.account()
            self._ledger.record(account)
            claim.settle(account)

    def _remembered(self, task: Task[S], claim: Claim, meter: Meter) -> AbstractAsyncContextManager[Answer[S]] | None:
        """The answer that this caller had to the same task; None if there is none."""
        found = self._recall.find(claim.caller, task)
        if found is None:
            return None
        meter.is_remembered = True
        return nullcontext(Answer(_again(found, meter), meter, Cache.HIT))

    @asynccontextmanager
    async def _served(self, task: Task[S], claim: Claim, meter: Meter, *, begun: bool) -> AsyncIterator[Answer[S]]:
        """The answer of the model, once it is there and has a slot.

        The slot comes first: so who waits for the model is counted, and there is one deadline for all of the wait.
        """
        gate = self._gates[task.model]
        patience = gate.patience(claim)
        async with AsyncExitStack() as held:
            held.enter_context(self._engine.hold(task.model))
            async with self._door.waiting(begun=begun):
                self._warmth.require(task.model, patience)
                await held.enter_async_context(gate.slot(claim, meter.turn))
                await self._warm(task.model, Seconds(patience - meter.so_far), meter)
            steps = await held.enter_async_context(aclosing(self._steps(task, claim, meter)))
            yield Answer(steps, meter, Cache.MISS if self._recall.takes(task) else None)
            meter.turn.work = meter.work()

    async def _warm(self, model: ModelName, patience: Seconds, meter: Meter) -> None:
        meter.turn.warmed = Seconds(meter.turn.warmed + await self._warmth.wait(model, patience))

    def _require_open(self) -> None:
        if self._door.draining:
            raise Refused(SHUTTING_DOWN)

    async def _steps(self, task: Task[S], claim: Claim, meter: Meter) -> AsyncGenerator[S, None]:
        """The model's steps, from the beginning again if it was lost before it said anything, once."""
        try:
            async with aclosing(self._attempt(task, claim, meter)) as steps:
                async for step in steps:
                    yield step
        except EngineError as exc:
            if not exc.fault.is_loss or meter.first is not None:
                raise
        else:
            return
        meter.tries_again()
        async with self._door.waiting():
            await self._warm(task.model, self._gates[task.model].patience(claim.after(meter.so_far)), meter)
        async with aclosing(self._attempt(task, claim, meter)) as steps:
            async for step in steps:
                yield step

    async def _attempt(self, task: Task[S], claim: Claim, meter: Meter) -> AsyncGenerator[S, None]:
        told: list[S] = []
        remembered = self._recall.takes(task)
        try:
            async with aclosing(self._engine.generate(task)) as steps:
                while True:
                    meter.waits()
                    step = await self._next(steps)
                    meter.note(step)
                    if remembered:
                        told.append(step)
                    yield step
                    meter.taken(step)
                    if step.usage is not None:
                        self._recall.keep(claim.caller, task, told)
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


async def _again(steps: Iterable[Step], meter: Meter) -> AsyncGenerator[S, None]:
    for step in steps:
        meter.note(step)
        yield cast(S, step)  # what is remembered of a task are its own steps
        meter.taken(step)
