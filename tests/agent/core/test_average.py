"""A mean over time: exact, bounded, and the same for whoever reads it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_agent.core.average import SPAN, Average
from node_agent.core.units import Instant

steps = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, 2.0, 40.0]), st.sampled_from([0.0, 0.01, 1.0, 60.0])), max_size=12
)
"""A level, and for how long."""


def after(history, start=0.0):
    """The average at the end of a history, and when that is."""
    average, now = Average(level=start, before=start), 0.0
    for level, length in history:
        average = average.to(level, Instant(now))
        now += length
    return average, Instant(now)


@pytest.mark.parametrize(
    ("history", "mean"),
    [
        ([(4.0, 0.0)], 0.0),  # it has only just become so
        ([(4.0, SPAN)], 4.0 * (1 - 1 / math.e)),
        ([(4.0, 20.0)], 4.0),
        ([(4.0, 20.0), (0.0, SPAN)], 4.0 / math.e),
        ([(4.0, 20.0), (0.0, 20.0)], 0.0),
        ([(2.0, 0.001), (0.0, 0.001)] * 5000, 1.0),  # half of the time
        ([(1.0, 0.01), (0.0, 0.03)] * 500, 0.25),  # a quarter of the time
    ],
)
def test_it_is_the_mean_over_time_of_late(history, mean):
    average, now = after(history)
    assert average.mean(now) == pytest.approx(mean, abs=0.01)


@given(steps)
def test_it_lies_between_the_least_and_the_greatest_level(history):
    average, now = after(history)
    levels = [0.0, *(level for level, _ in history)]
    assert min(levels) - 1e-9 <= average.mean(now) <= max(levels) + 1e-9


@given(st.sampled_from([0.0, 1.0, 40.0]), st.lists(st.sampled_from([0.0, 0.1, 60.0]), max_size=8))
def test_of_a_level_that_stays_it_is_that_level_exactly(level, lengths):
    average, now = after([(level, length) for length in lengths], start=level)
    assert average.mean(now) == level


@given(steps, st.integers(0, 11), st.sampled_from([0.0, 0.005, 0.5]))
def test_neither_reading_it_nor_saying_again_what_it_is_changes_it(history, place, into):
    average, now = after(history)
    again = Average()
    elapsed = 0.0
    for number, (level, length) in enumerate(history):
        again = again.to(level, Instant(elapsed))
        again.mean(Instant(elapsed + length / 2))
        if number == place:
            again = again.to(level, Instant(elapsed + min(into, length)))
        elapsed += length
    assert again.mean(now) == pytest.approx(average.mean(now), abs=1e-9)


@given(steps)
def test_it_sums_up_to_level_times_time(history):
    average, now = after(history)
    assert average.sum(now) == pytest.approx(sum(level * length for level, length in history))
