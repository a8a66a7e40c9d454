"""The gate in front of one model: `core.admission` given time and waiting."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from node_agent.core.admission import Limits, Line, Load, Ticket, Verdict, arrive, leave
from node_agent.core.average import Average
from node_agent.core.errors import Reason, Refusal, Refused
from node_agent.core.limit import Limit
from node_agent.core.pace import Pace
from node_agent.core.throughput import Finished
from node_agent.core.units import Instant, Seconds, between
from node_agent.runtime.ports import Clock


@dataclass(slots=True)
class Turn:
    """A slot while somebody holds it."""

    waited: Seconds
    """For it, in the queue."""
    work: float | None = None
    """For the holder to say at the end: how much was done meanwhile, in units of its own. None: its time does not
    tell how fast the model is."""


class Gate:
    """Lets some requests through at once, *limits.slots* at most, keeps some waiting, sends the rest away.

    How many is what the model is measured to do well: `core.limit`. *draw* gives a number from 0 to 1.
    """

    def __init__(self, limits: Limits, clock: Clock, draw: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._draw = draw
        self._line = Line()
        self._pace = Pace()
        self._limit = Limit(limits.slots, limits.slots)
        self._busy = self._queued = Average(since=clock.now())
        self._turns: dict[Ticket, asyncio.Future[None]] = {}
        self._numbers = itertools.count(1)

    @property
    def load(self) -> Load:
        """How full it is now."""
        return Load(len(self._line.busy), len(self._line.queue), self._limit.slots, self._limit.most)

    @property
    def busy_lately(self) -> float:
        """Requests that held a slot, on average of late."""
        return self._busy.mean(self._clock.now())

    @property
    def queued_lately(self) -> float:
        """Requests that waited for one, on average of late."""
        return self._queued.mean(self._clock.now())

    @property
    def service(self) -> Seconds:
        """Mean time a request holds its slot; 0 while none has finished."""
        return self._pace.service

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Turn]:
        """Hold a slot for the length of the block. Raises `Refused`."""
        ticket, arrived = Ticket(next(self._numbers)), self._clock.now()
        line, verdict = arrive(self._line, self._limits_now(), ticket)
        if verdict is Verdict.SHED:
            raise Refused(self._refusal(Reason.FULL, "every slot is taken and the queue is full"))
        self._becomes(line)
        try:
            if verdict is Verdict.QUEUE:
                await self._turn(ticket)
            started = self._clock.now()
            turn, before = Turn(between(arrived, started)), self._busy.sum(started)
            yield turn
            self._learn(turn, started, before)
        finally:
            self._let_go(ticket)

    def _limits_now(self) -> Limits:
        return replace(self._limits, slots=self._limit.slots)

    def _becomes(self, line: Line) -> None:
        now = self._clock.now()
        self._line = line
        self._busy = self._busy.to(len(line.busy), now)
        self._queued = self._queued.to(len(line.queue), now)

    def _learn(self, turn: Turn, started: Instant, before: float) -> None:
        """Take in a request that came to its end; *before* is what the busy had summed up to when it started."""
        now = self._clock.now()
        held = between(started, now)
        self._pace = self._pace.fold(held)
        if turn.work and held:
            beside = (self._busy.sum(now) - before) / held
            self._limit = self._limit.fold(Finished(Seconds(held / turn.work), beside), now)

    async def _turn(self, ticket: Ticket) -> None:
        turn = self._turns[ticket] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._limits.patience):
                await turn
        except TimeoutError as exc:
            raise Refused(self._refusal(Reason.LATE, "no slot became free in time")) from exc
        finally:
            del self._turns[ticket]

    def _let_go(self, ticket: Ticket) -> None:
        line, admitted = leave(self._line, self._limits_now(), ticket)
        self._becomes(line)
        for other in admitted:
            turn = self._turns.get(other)
            if turn is not None and not turn.done():
                turn.set_result(None)

    def _refusal(self, reason: Reason, detail: str) -> Refusal:
        load = self.load
        return Refusal(reason, self._pace.until_free(load.queued, load.slots, self._draw()), detail)
