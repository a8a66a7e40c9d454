"""Measures one request for its `Account`: time to the first token, time per later token, how it ended."""

import asyncio

from node_agent.core.account import Account, Outcome
from node_agent.core.delivery import billable, part
from node_agent.core.errors import Denied, EngineError, Reason, Refused
from node_agent.core.task import NONE, Step, Task, Usage
from node_agent.core.units import Instant, Seconds, between
from node_agent.runtime.gate import Turn
from node_agent.runtime.ports import Clock

REFUSED = {
    Reason.FULL: Outcome.SHED,
    Reason.LATE: Outcome.LATE,
    Reason.STARTING: Outcome.STARTING,
    Reason.DRAINING: Outcome.DRAINING,
}

PATIENT = 0.1
"""A client that takes more than this share of a request's time to read its answer tells of itself, not of the
model."""


class Meter:
    """Told what happens to one request, as it happens."""

    def __init__(self, task: Task[Step], caller: str, clock: Clock) -> None:
        self._task = task
        self._caller = caller
        self._clock = clock
        self._arrived = clock.now()
        self._first: Instant | None = None
        self._last: Instant | None = None
        self._noted: Instant | None = None
        self._read = Seconds(0.0)
        self._texts = 0
        self._usage: Usage | None = None
        self._parts = Usage()
        self._finished = False
        self._outcome = Outcome.CANCELLED
        self._tried_again = False
        self.turn = Turn()
        """Its waits, as the gate tells them."""
        self.is_remembered = False
        """The answer comes from memory."""

    def waits(self) -> None:
        """The client has taken what came, and the next step is waited for."""
        if self._noted is not None:
            self._read = Seconds(self._read + between(self._noted, self._clock.now()))

    def note(self, step: Step) -> None:
        """One step of the answer came."""
        self._noted = self._clock.now()
        if step.says:
            self._last = self._noted
            self._first = self._first or self._last
            self._texts += 1
        if step.usage is not None:
            self._usage = None if self.is_remembered else step.usage
            self._outcome = Outcome.CACHED if self.is_remembered else Outcome.OK

    def tries_again(self) -> None:
        """The model was lost before it said anything."""
        self._tried_again = True

    def taken(self, step: Step) -> None:
        """The client has taken *step*."""
        self._parts += part(step)
        self._finished = step.usage is not None

    def ended(self, exc: BaseException) -> None:
        """The request ended with *exc*; one that ends without any kept the outcome of its last step."""
        match exc:
            case Refused():
                self._outcome = REFUSED[exc.refusal.reason]
            case Denied():
                self._outcome = Outcome.REFUSED
            case EngineError():
                self._outcome = Outcome.REFUSED if exc.fault.is_callers else Outcome.FAILED
            case asyncio.CancelledError() | GeneratorExit() | ConnectionError() | TimeoutError():
                self._outcome = Outcome.CANCELLED
            case _:
                self._outcome = Outcome.FAILED

    def account(self) -> Account:
        """The request as it went."""
        return Account(
            model=self._task.model,
            caller=self._caller,
            outcome=self._outcome,
            waited=self.turn.waited,
            ttft=None if self.is_remembered else self.first,
            tpot=None if self.is_remembered else self._per_token(),
            usage=self._usage,
            served=self._served(),
            delivered=billable(self._task, self._parts),
            finished=self._finished,
            took=self.so_far,
            tried_again=self._tried_again,
        )

    @property
    def first(self) -> Seconds | None:
        """From arrival to the first of the answer; None before it."""
        return between(self._arrived, self._first) if self._first is not None else None

    @property
    def so_far(self) -> Seconds:
        """From arrival to now."""
        return between(self._arrived, self._clock.now())

    def work(self) -> float | None:
        """How much the model did for this request, in the units of its kind.

        None if it does not tell how fast the model is: it was not finished, was held up by its reader, or lost once,
        or had its slot before the model was there.
        """
        if self._outcome is not Outcome.OK or self._usage is None or self._tried_again or self.turn.warmed:
            return None
        return self._usage.work if self._read <= PATIENT * (self._served() or 0.0) else None

    def _served(self) -> Seconds | None:
        """From its slot, and the model's being there, to its last step."""
        if self._usage is None or self._noted is None:
            return None
        return Seconds(between(self._arrived, self._noted) - self.turn.warmed - (self.turn.waited or NONE))

    def _per_token(self) -> Seconds | None:
        if self._first is None or self._last is None or self._texts < 2:
            return None
        return Seconds(between(self._first, self._last) / (self._texts - 1))
