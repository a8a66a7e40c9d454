"""When to come back: from the queue as it is measured, and not all at once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_agent.core.pace import LONGEST_RETRY, SOONEST_RETRY, SPREAD, UNKNOWN, Pace
from node_agent.core.units import Seconds


@pytest.mark.parametrize(
    ("service", "waiting", "slots", "expected"),
    [
        (0.412, 9, 4, 1.03),  # to the millisecond
        (3.0, 3, 2, 6.0),
        (0.001, 4, 2, SOONEST_RETRY),
        (60.0, 100, 1, LONGEST_RETRY),
        (0.0, 4, 2, UNKNOWN),  # just started: nothing has finished yet
        (0.0, 10_000, 1, UNKNOWN),
    ],
)
def test_a_slot_becomes_free_every_service_time_over_the_slots(service, waiting, slots, expected):
    assert Pace(Seconds(service)).until_free(waiting, slots, draw=0.0) == pytest.approx(expected)


@given(st.sampled_from([0.0, 0.01, 1.0, 300.0]), st.sampled_from([1, 2, 40]), st.floats(0.0, 1.0))
def test_those_shed_together_are_told_other_times_and_never_sooner_ones(service, waiting, draw):
    first, other = (Pace(Seconds(service)).until_free(waiting, 2, each) for each in (0.0, draw))
    assert other == pytest.approx(first * (1.0 + SPREAD * draw))
