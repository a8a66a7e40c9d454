"""Admission: admit, queue or shed, as a machine of values.

Triton's own queue answers a deadline only when a slot frees, and does not count what it rejects, so the decision is
made here, before Triton hears of the request. The machine is fed with two events, `arrive` and `leave`, and gives
back its next state and what follows from it; who waits, and for how long, is the gate's business.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NewType

from node_agent.core.units import Seconds

Ticket = NewType("Ticket", int)
"""One request at one gate."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one model on one node may hold."""

    slots: int
    """Requests served at once. May change between two events: fewer than are busy, and nobody is sent away for it."""
    queue: int
    """Requests that may wait; 0: none ever waits."""
    patience: Seconds
    """Longest wait in the queue. A client that has waited this long is better served elsewhere."""


@dataclass(frozen=True, slots=True)
class Line:
    """The state: who is being served, and who waits, first come first."""

    busy: frozenset[Ticket] = frozenset()
    queue: tuple[Ticket, ...] = ()


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


def arrive(line: Line, limits: Limits, ticket: Ticket) -> tuple[Line, Verdict]:
    """Take *ticket* in: a free slot admits it, else a free place in the queue keeps it, else it is shed."""
    if len(line.busy) < limits.slots and not line.queue:
        return replace(line, busy=line.busy | {ticket}), Verdict.ADMIT
    if len(line.queue) < limits.queue:
        return replace(line, queue=(*line.queue, ticket)), Verdict.QUEUE
    return line, Verdict.SHED


def leave(line: Line, limits: Limits, ticket: Ticket) -> tuple[Line, tuple[Ticket, ...]]:
    """Let *ticket* go, from its slot or its place in the queue; also who moves into a slot because of it.

    A ticket that is not here changes nothing.
    """
    busy = line.busy - {ticket}
    queue = tuple(other for other in line.queue if other != ticket)
    free = max(0, limits.slots - len(busy))
    return Line(busy | set(queue[:free]), queue[free:]), queue[:free]
