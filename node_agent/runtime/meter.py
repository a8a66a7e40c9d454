"""Measures one request for its `Account`: time to the first token, time per later token, how it ended."""

import asyncio

from node_agent.core.account import Account, Outcome
from node_agent.core.chat import Piece, Usage
from node_agent.core.errors import EngineError, Reason, Refused
from node_agent.core.models import ModelName
from node_agent.core.units import Instant, Seconds, between
from node_agent.runtime.ports import Clock

REFUSED = {
    Reason.FULL: Outcome.SHED,
    Reason.LATE: Outcome.LATE,
    Reason.STARTING: Outcome.STARTING,
    Reason.DRAINING: Outcome.DRAINING,
}

FEWEST = 4
"""Pieces of an answer that tell how fast the model writes. In fewer, the gaps are mostly chance."""

PATIENT = 0.1
"""A client that takes more than this share of an answer's time to read it tells of itself and not of the model."""


class Meter:
    """Told what happens to one request, as it happens."""

    def __init__(self, model: ModelName, clock: Clock) -> None:
        self._model = model
        self._clock = clock
        self._arrived = clock.now()
        self._first: Instant | None = None
        self._last: Instant | None = None
        self._noted = self._arrived
        self._read = Seconds(0.0)
        self._texts = 0
        self._usage: Usage | None = None
        self._outcome = Outcome.CANCELLED
        self.waited = Seconds(0.0)

    def waits(self) -> None:
        """The client has taken what came, and the next piece is waited for."""
        if self._first is not None:
            self._read = Seconds(self._read + between(self._noted, self._clock.now()))

    def note(self, piece: Piece) -> None:
        """One piece came."""
        self._noted = self._clock.now()
        if piece.text:
            self._last = self._noted
            self._first = self._first or self._last
            self._texts += 1
        if piece.finish is not None:
            self._usage = piece.usage
            self._outcome = Outcome.OK

    def ended(self, exc: BaseException) -> None:
        """The request ended with *exc*; one that ends without any kept the outcome of its last piece."""
        match exc:
            case Refused():
                self._outcome = REFUSED[exc.refusal.reason]
            case EngineError():
                self._outcome = Outcome.REFUSED if exc.fault.is_callers else Outcome.FAILED
            case asyncio.CancelledError() | GeneratorExit() | ConnectionError() | TimeoutError():
                self._outcome = Outcome.CANCELLED
            case _:
                self._outcome = Outcome.FAILED

    def account(self) -> Account:
        """The request as it went."""
        first = between(self._arrived, self._first) if self._first is not None else None
        return Account(self._model, self._outcome, self.waited, first, self._per_token(), self._usage)

    def speed(self) -> Seconds | None:
        """What each later token took, if that tells how fast the model writes.

        None of an answer that was not finished, is too short, or was held up by its reader.
        """
        each = self._per_token()
        if each is None or self._outcome is not Outcome.OK or self._texts < FEWEST:
            return None
        return each if self._read <= PATIENT * each * (self._texts - 1) else None

    def _per_token(self) -> Seconds | None:
        if self._first is None or self._last is None or self._texts < 2:
            return None
        return Seconds(between(self._first, self._last) / (self._texts - 1))
