"""The gate in front of one model: `core.admission` given time and waiting."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from node_agent.core.admission import Limits, Line, Ticket, Verdict, arrive, leave
from node_agent.core.errors import Reason, Refusal, Refused
from node_agent.core.pace import Pace
from node_agent.core.units import Seconds, between
from node_agent.runtime.ports import Clock


class Gate:
    """Lets *limits.slots* requests through at once, keeps some waiting, sends the rest away."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self.limits = limits
        self._clock = clock
        self._line = Line()
        self._pace = Pace()
        self._turns: dict[Ticket, asyncio.Future[None]] = {}
        self._numbers = itertools.count(1)

    @property
    def busy(self) -> int:
        """Requests that hold a slot."""
        return len(self._line.busy)

    @property
    def queued(self) -> int:
        """Requests that wait for one."""
        return len(self._line.queue)

    @property
    def service(self) -> Seconds:
        """Mean time a request holds its slot; 0 while none has finished."""
        return self._pace.service

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[Seconds]:
        """Hold a slot for the length of the block; gives the time it was waited for. Raises `Refused`."""
        ticket, arrived = Ticket(next(self._numbers)), self._clock.now()
        self._line, verdict = arrive(self._line, self.limits, ticket)
        if verdict is Verdict.SHED:
            raise Refused(self._refusal(Reason.FULL, "every slot is taken and the queue is full"))
        try:
            if verdict is Verdict.QUEUE:
                await self._turn(ticket)
            started = self._clock.now()
            yield between(arrived, started)
            self._pace = self._pace.fold(between(started, self._clock.now()))
        finally:
            self._let_go(ticket)

    async def _turn(self, ticket: Ticket) -> None:
        turn = self._turns[ticket] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self.limits.patience):
                await turn
        except TimeoutError as exc:
            raise Refused(self._refusal(Reason.LATE, "no slot became free in time")) from exc
        finally:
            del self._turns[ticket]

    def _let_go(self, ticket: Ticket) -> None:
        self._line, admitted = leave(self._line, self.limits, ticket)
        for other in admitted:
            turn = self._turns.get(other)
            if turn is not None and not turn.done():
                turn.set_result(None)

    def _refusal(self, reason: Reason, detail: str) -> Refusal:
        ahead = self.busy + self.queued
        return Refusal(reason, self._pace.until_free(ahead, self.limits.slots), detail)
