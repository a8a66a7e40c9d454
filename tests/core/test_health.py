"""Health, as tables of outcomes and as laws of its table."""

import pytest

from autorouter.core.fleet import Health
from autorouter.core.health import EVENT_OF, HEALTH_OF, TRANSITIONS, Event, Phase, advance
from autorouter.core.observation import Outcome

R, D, S = Outcome.READY, Outcome.DEGRADED, Outcome.STARTING
X, T, G, L = Outcome.REFUSED, Outcome.TIMED_OUT, Outcome.GARBLED, Outcome.DRAINING
up, down, degraded = Health.UP, Health.DOWN, Health.DEGRADED


@pytest.mark.parametrize(
    ("outcomes", "health"),
    [
        ([], Health.UNKNOWN),
        ([R], up),
        ([X], down),
        ([T], down),
        ([G], down),
        ([S, S, R], up),
        ([X, S, R], up),
        ([R, X], degraded),
        ([R, X, X], down),
        ([R, X, R], up),
        ([R, T], up),
        ([R, T, T], degraded),
        ([R, T, T, T], down),
        ([R, T, T, R], up),
        ([R, T, X], down),
        ([R, G, G, G], down),
        ([R, D], degraded),
        ([R, D, R], up),
        ([R, L], up),
        ([R, S], down),
        ([R, X, X, R, R, R, R], down),
        ([R, X, X, R, R, R, R, R], up),
        ([R, X, X, R, R, R, T, R], down),
        ([R, X, X, R, R, R, R, D], degraded),
    ],
)
def test_the_story_of_a_node(outcomes, health):
    phase = Phase.NEW
    for outcome in outcomes:
        phase = advance(phase, outcome)
    assert HEALTH_OF[phase] is health


def test_the_table_is_total():
    assert set(TRANSITIONS) == set(Phase) == set(HEALTH_OF)
    assert all(set(row) == set(Event) for row in TRANSITIONS.values())
    assert set(EVENT_OF) == set(Outcome)


def test_every_phase_can_be_reached_and_left_for_up():
    def reachable(start):
        seen, todo = set(), [start]
        while todo:
            phase = todo.pop()
            if phase not in seen:
                seen.add(phase)
                todo.extend(TRANSITIONS[phase].values())
        return seen

    assert reachable(Phase.NEW) == set(Phase)
    assert all(Phase.UP in reachable(phase) for phase in Phase)


def test_nothing_but_a_good_probe_makes_a_node_better():
    for phase, row in TRANSITIONS.items():
        for event in (Event.MISSED, Event.REFUSED, Event.NOT_YET):
            assert HEALTH_OF[row[event]] <= max(HEALTH_OF[phase], Health.DOWN)
