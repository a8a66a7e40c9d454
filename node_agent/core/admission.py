"""Admission: admit, queue or shed, as a machine of values.

Triton's own queue answers a deadline only when a slot frees, and does not count what it rejects, so the decision is
made here, before Triton hears of the request. The machine is fed with two events, `arrive` and `leave`, and gives
back its next state and what follows from it; who waits, and for how long, is the gate's business.

Who goes first: the more urgent, then whose key holds fewer slots, then whose key was served longer ago, then who came
first. Who is pushed out of a full queue by a newcomer: the less urgent, else the last of a key that has at least two
more waiting than the newcomer's. So one key can fill a node that nobody else wants, and cannot keep others out.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NewType

from node_agent.core.claim import ANYONE, Claim, Priority
from node_agent.core.units import Seconds

Ticket = NewType("Ticket", int)
"""One request at one gate; they grow."""

URGENCY = {Priority.INTERACTIVE: 0, Priority.BATCH: 1}
"""The lower the sooner."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one model on one node may hold."""

    slots: int
    """Requests served at once. May change between two events: fewer than are busy, and nobody is sent away for it."""
    queue: int
    """Requests that may wait; 0: none ever waits."""
    patience: Seconds
    """Longest wait in the queue. A client that has waited this long is better served elsewhere."""


@dataclass(frozen=True, slots=True, order=True)
class Guest:
    """One request, and whose it is."""

    ticket: Ticket
    claim: Claim = field(default=ANYONE, compare=False)

    @property
    def caller(self) -> str:
        """Name of its key."""
        return self.claim.caller

    @property
    def urgency(self) -> int:
        """The lower the sooner."""
        return URGENCY[self.claim.priority]


@dataclass(frozen=True, slots=True)
class Line:
    """The state: who is being served, and who waits, in order of arrival."""

    busy: frozenset[Guest] = frozenset()
    queue: tuple[Guest, ...] = ()
    turns: Mapping[str, int] = field(default_factory=dict)
    """Caller → when it was let in last, counted in turns; of those who are here."""


@dataclass(frozen=True, slots=True)
class Load:
    """How full one model is, at this moment."""

    busy: int
    """Requests that hold a slot."""
    queued: int
    """Requests that wait for one."""
    slots: int
    """How many may hold one now."""
    most: int
    """How many ever may: what is configured."""


class Verdict(StrEnum):
    """What becomes of an arrival."""

    ADMIT = "admit"
    QUEUE = "queue"
    SHED = "shed"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What came of one."""

    line: Line
    verdict: Verdict
    pushed_out: Guest | None = None
    """Who lost a place in the queue to it, and is shed instead."""


def arrive(line: Line, limits: Limits, guest: Guest) -> Arrival:
    """Take *guest* in: a free slot admits it, else a place in the queue keeps it, a free one or a weaker's."""
    if len(line.busy) < limits.slots and not line.queue:
        return Arrival(_seated(line, guest), Verdict.ADMIT)
    if len(line.queue) < limits.queue:
        return Arrival(replace(line, queue=(*line.queue, guest)), Verdict.QUEUE)
    weaker = _weaker(line, guest)
    if weaker is None:
        return Arrival(line, Verdict.SHED)
    return Arrival(replace(line, queue=(*_without(line.queue, weaker.ticket), guest)), Verdict.QUEUE, weaker)


def leave(line: Line, limits: Limits, ticket: Ticket) -> tuple[Line, tuple[Ticket, ...]]:
    """Let *ticket* go, from its slot or its place in the queue; also who moves into a slot because of it.

    A ticket that is not here changes nothing.
    """
    line = replace(line, busy=frozenset(_without(line.busy, ticket)), queue=_without(line.queue, ticket))
    admitted = []
    while line.queue and len(line.busy) < limits.slots:
        guest = next_in(line)
        admitted.append(guest.ticket)
        line = _seated(replace(line, queue=_without(line.queue, guest.ticket)), guest)
    here = {guest.caller for guest in (*line.busy, *line.queue)}
    return replace(line, turns={name: turn for name, turn in line.turns.items() if name in here}), tuple(admitted)


def next_in(line: Line) -> Guest:
    """Whose turn it is, of those who wait."""
    holds = Counter(guest.caller for guest in line.busy)
    return min(
        line.queue,
        key=lambda guest: (guest.urgency, holds[guest.caller], line.turns.get(guest.caller, 0), guest.ticket),
    )


def ahead(line: Line, guest: Guest) -> int:
    """How many of those who wait would be let in before *guest*, roughly, if it came now: each key in its turn."""
    mine = sum(other.caller == guest.caller for other in line.queue if other.urgency <= guest.urgency)
    sooner = sum(other.urgency < guest.urgency for other in line.queue if other.caller != guest.caller)
    others = Counter(
        other.caller for other in line.queue if other.caller != guest.caller and other.urgency == guest.urgency
    )
    return mine + sooner + sum(min(waiting, mine) for waiting in others.values())


def _seated(line: Line, guest: Guest) -> Line:
    turn = 1 + max(line.turns.values(), default=0)
    return replace(line, busy=line.busy | {guest}, turns={**line.turns, guest.caller: turn})


def _weaker(line: Line, guest: Guest) -> Guest | None:
    """Who gives way to *guest* in a full queue: the last to come, of the least urgent, of whose key waits most."""
    waiting = Counter(other.caller for other in line.queue)
    weaker = [
        other
        for other in line.queue
        if other.urgency > guest.urgency
        or (other.urgency == guest.urgency and waiting[other.caller] > waiting[guest.caller] + 1)
    ]
    return max(weaker, key=lambda other: (other.urgency, waiting[other.caller], other.ticket), default=None)


def _without(guests: Iterable[Guest], ticket: Ticket) -> tuple[Guest, ...]:
    return tuple(guest for guest in guests if guest.ticket != ticket)
