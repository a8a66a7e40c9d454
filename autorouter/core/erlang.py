"""Expected wait in front of a number of slots, by Erlang's formula for waiting lines.

The formula asks how much work is offered, but what nodes report is how many requests are there: those being served
and those waiting. In a steady line the one gives the other, so it is turned around, once for each number of slots.
Unlike the formula itself, which is infinite where a line is full, the result stays what a client would wait.

Arrivals are taken to be independent and services to be exponential; real ones are steadier, and what that overstates
is the price of running close to full, which nobody regrets.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache

MOST_SERVERS = 200
"""Slots that are counted one by one. More wait less than as many times 200 would; they are taken for that."""

STEPS = 100
"""A table has this many steps from empty to as many requests as slots; between two it is interpolated."""

LAST = 2 * STEPS
"""The table ends at twice as many requests as slots: from there on each finds all the others in front of it."""

OFFERED = 200
"""Steps of work offered for which the formula is worked out."""


def wait(slots: float, there: float) -> float:
    """Mean wait, in mean services, where *there* requests are served or wait in *slots* (above 0) on average.

    >>> wait(1, 1.0)
    1.0
    >>> wait(8, 4) < 0.02 < wait(8, 7.5) < wait(8, 9) < 1.0
    True
    """
    servers = min(MOST_SERVERS, max(1, round(slots)))
    table = waits(servers)
    step = there / slots * STEPS
    below = min(LAST - 1, int(step))
    return (table[below] + (step - below) * (table[below + 1] - table[below])) * servers / max(slots, servers)


@lru_cache(maxsize=512)
def waits(servers: int) -> Sequence[float]:
    """Mean wait in mean services at each step of requests that are there, up to `LAST`."""
    there, waited = _lines(servers)
    return tuple(_between(there, waited, step / STEPS * servers) for step in range(LAST + 1))


def _lines(servers: int) -> tuple[list[float], list[float]]:
    """Of lines ever more of which is asked: how many are there, and how long they wait."""
    there, waited = [], []
    for step in range(OFFERED):
        work = step / OFFERED * servers
        each = _erlang_c(servers, work)
        there.append(work * (1.0 + each))
        waited.append(each)
    return there, waited


def _between(xs: Sequence[float], ys: Sequence[float], x: float) -> float:
    """*ys* at *x*, interpolated."""
    above = min(len(xs) - 1, bisect_right(xs, x))
    share = (x - xs[above - 1]) / (xs[above] - xs[above - 1])
    return ys[above - 1] + share * (ys[above] - ys[above - 1])


def _erlang_c(servers: int, work: float) -> float:
    """Mean wait in mean services; the chance to wait comes from Erlang's loss formula, which is stable to compute."""
    lost = 1.0
    for busy in range(1, servers + 1):
        lost = work * lost / (busy + work * lost)
    waiting = lost / (1.0 - work / servers * (1.0 - lost))
    return waiting / (servers - work)
