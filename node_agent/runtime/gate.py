"""The gate in front of one model: `core.admission` given time and waiting."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from node_agent.core.admission import Guest, Limits, Line, Load, Ticket, Verdict, ahead, arrive, leave
from node_agent.core.average import Average
from node_agent.core.claim import ANYONE, Claim
from node_agent.core.errors import Reason, Refusal, Refused
from node_agent.core.limit import Limit
from node_agent.core.pace import Pace
from node_agent.core.task import NONE
from node_agent.core.throughput import Finished
from node_agent.core.units import Instant, Seconds, between
from node_agent.runtime.ports import Clock

FULL = "every slot is taken and the queue is full"
PUSHED_OUT = "the queue is full, and others in it are more urgent, or have had less of the node"


@dataclass(slots=True)
class Turn:
    """One request at the gate: in the queue, then with a slot."""

    waited: Seconds | None = None
    """In the queue, whatever came of it; None for who is turned away at once."""
    warmed: Seconds = NONE
    """With a slot, until the model was ready: this time tells nothing of how fast it is."""
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
    async def slot(self, claim: Claim = ANYONE, turn: Turn | None = None) -> AsyncIterator[Turn]:
        """Hold a slot for the length of the block. Raises `Refused`. *turn* is told how long that took, also then."""
        guest, turn = Guest(Ticket(next(self._numbers)), claim), turn or Turn()
        self._require_in_time(guest)
        arrival = arrive(self._line, self._limits_now(), guest)
        if arrival.verdict is Verdict.SHED:
            raise Refused(self._refusal(Reason.FULL, FULL))
        self._becomes(arrival.line)
        self._push_out(arrival.pushed_out)
        try:
            await self._wait(guest, arrival.verdict, turn)
            started = self._clock.now()
            before = self._busy.sum(started)
            yield turn
            self._learn(turn, started, before)
        finally:
            self._let_go(guest.ticket)

    def _require_in_time(self, guest: Guest) -> None:
        """Shed at once who would wait in vain, as far as the pace so far tells."""
        if len(self._line.busy) < self._limit.slots or not self._pace.is_known:
            return
        expected = self._pace.until_free(ahead(self._line, guest), self._limit.slots, 0.0)
        if expected > self.patience(guest.claim):
            raise Refused(self._refusal(Reason.LATE, "no slot will be free in time"))

    def patience(self, claim: Claim) -> Seconds:
        """How long the client of *claim* waits here at most."""
        return self._limits.patience if claim.patience is None else min(claim.patience, self._limits.patience)

    def _push_out(self, guest: Guest | None) -> None:
        if guest is not None and not (turn := self._turns[guest.ticket]).done():
            turn.set_exception(Refused(self._refusal(Reason.FULL, PUSHED_OUT)))

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
        held = Seconds(between(started, now) - turn.warmed)
        self._pace = self._pace.fold(held)
        if turn.work and held:
            beside = (self._busy.sum(now) - before) / held
            self._limit = self._limit.fold(Finished(Seconds(held / turn.work), beside), now)

    async def _wait(self, guest: Guest, verdict: Verdict, turn: Turn) -> None:
        arrived = self._clock.now()
        try:
            if verdict is Verdict.QUEUE:
                await self._turn(guest)
        finally:
            turn.waited = between(arrived, self._clock.now())

    async def _turn(self, guest: Guest) -> None:
        turn = self._turns[guest.ticket] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self.patience(guest.claim)):
                await turn
        except TimeoutError as exc:
            raise Refused(self._refusal(Reason.LATE, "no slot became free in time")) from exc
        finally:
            del self._turns[guest.ticket]

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
