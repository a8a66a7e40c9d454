"""A node's health as a transition table: which outcomes, in which order, make it up or down.

The table knows no time; `schedule` decides when to look, and the two together keep the promise that a refused
node is out within 2.5 s and a silent one within 8 s. Falls are quick, returns are slow (five good probes in a
row), because a node that flaps costs its clients more than one that is missing.
"""

from collections.abc import Mapping
from enum import Enum, auto
from types import MappingProxyType

from autorouter.core.fleet import Health
from autorouter.core.observation import Outcome


class Event(Enum):
    """What an outcome means for health."""

    GOOD = auto()
    WEAK = auto()
    NOT_YET = auto()
    MISSED = auto()
    REFUSED = auto()


class Phase(Enum):
    """Where a node stands between up and down."""

    NEW = auto()
    """Never looked at."""
    ABSENT = auto()
    """Looked at, never seen good."""
    UP = auto()
    WEAK = auto()
    MISSED_ONCE = auto()
    MISSED_TWICE = auto()
    """Or once while weak: silence never makes a node look better."""
    REFUSED_ONCE = auto()
    """Awaits the confirming probe."""
    DOWN = auto()
    BACK_1 = auto()
    BACK_2 = auto()
    BACK_3 = auto()
    BACK_4 = auto()
    """Good again, but not for long enough."""


EVENT_OF: Mapping[Outcome, Event] = MappingProxyType(
    {
        Outcome.READY: Event.GOOD,
        Outcome.DRAINING: Event.GOOD,  # well, and leaving: who may be sent there is a sieve's business
        Outcome.DEGRADED: Event.WEAK,
        Outcome.STARTING: Event.NOT_YET,
        Outcome.TIMED_OUT: Event.MISSED,
        Outcome.UNREACHABLE: Event.MISSED,
        Outcome.GARBLED: Event.MISSED,
        Outcome.REFUSED: Event.REFUSED,
    }
)


def _row(good: Phase, weak: Phase, not_yet: Phase, missed: Phase, refused: Phase) -> Mapping[Event, Phase]:
    return MappingProxyType(dict(zip(Event, (good, weak, not_yet, missed, refused), strict=True)))


P = Phase
TRANSITIONS: Mapping[Phase, Mapping[Event, Phase]] = MappingProxyType(
    {
        #                      good       weak       not yet    missed           refused
        P.NEW: _row(P.UP, P.WEAK, P.ABSENT, P.ABSENT, P.ABSENT),
        P.ABSENT: _row(P.UP, P.WEAK, P.ABSENT, P.ABSENT, P.ABSENT),
        P.UP: _row(P.UP, P.WEAK, P.DOWN, P.MISSED_ONCE, P.REFUSED_ONCE),
        P.WEAK: _row(P.UP, P.WEAK, P.DOWN, P.MISSED_TWICE, P.REFUSED_ONCE),
        P.MISSED_ONCE: _row(P.UP, P.WEAK, P.DOWN, P.MISSED_TWICE, P.DOWN),
        P.MISSED_TWICE: _row(P.UP, P.WEAK, P.DOWN, P.DOWN, P.DOWN),
        P.REFUSED_ONCE: _row(P.UP, P.WEAK, P.DOWN, P.DOWN, P.DOWN),
        P.DOWN: _row(P.BACK_1, P.BACK_1, P.DOWN, P.DOWN, P.DOWN),
        P.BACK_1: _row(P.BACK_2, P.BACK_2, P.DOWN, P.DOWN, P.DOWN),
        P.BACK_2: _row(P.BACK_3, P.BACK_3, P.DOWN, P.DOWN, P.DOWN),
        P.BACK_3: _row(P.BACK_4, P.BACK_4, P.DOWN, P.DOWN, P.DOWN),
        P.BACK_4: _row(P.UP, P.WEAK, P.DOWN, P.DOWN, P.DOWN),
    }
)

HEALTH_OF: Mapping[Phase, Health] = MappingProxyType(
    {
        P.NEW: Health.UNKNOWN,
        P.ABSENT: Health.DOWN,
        P.UP: Health.UP,
        P.WEAK: Health.DEGRADED,
        P.MISSED_ONCE: Health.UP,  # one lost probe is weather
        P.MISSED_TWICE: Health.DEGRADED,
        P.REFUSED_ONCE: Health.DEGRADED,
        P.DOWN: Health.DOWN,
        P.BACK_1: Health.DOWN,
        P.BACK_2: Health.DOWN,
        P.BACK_3: Health.DOWN,
        P.BACK_4: Health.DOWN,
    }
)

DOUBTED = frozenset({P.MISSED_ONCE, P.MISSED_TWICE, P.REFUSED_ONCE})
"""Phases in which the next probe may take the node out."""


def advance(phase: Phase, outcome: Outcome) -> Phase:
    """The phase after *outcome*.

    >>> advance(advance(Phase.UP, Outcome.REFUSED), Outcome.REFUSED).name
    'DOWN'
    """
    return TRANSITIONS[phase][EVENT_OF[outcome]]
