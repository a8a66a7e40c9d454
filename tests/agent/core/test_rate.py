"""The bucket, and its law: what it lets through, and that it never lets anybody wait longer than it says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_agent.core.rate import MINUTE, Buckets
from node_agent.core.units import Instant


def test_a_minutes_worth_may_come_at_once_and_no_more():
    buckets = Buckets()
    waits = [buckets.take("a", 3.0, Instant(0.0)) for _ in range(4)]
    assert waits == [0, 0, 0, 20.0]
    assert buckets.take("a", 3.0, Instant(20.0)) == 0
    assert buckets.take("a", 3.0, Instant(20.0)) == 20.0


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_less_than_one_a_minute_is_one_now_and_then(rate):
    buckets = Buckets()
    assert [buckets.take("a", rate, Instant(5.0)) for _ in range(2)] == [0, pytest.approx(MINUTE / rate)]


def test_nobody_pays_for_another():
    buckets = Buckets()
    assert [buckets.take(name, 1.0, Instant(0.0)) for name in ("a", "b", "a")] == [0, 0, 60.0]


def test_who_was_not_seen_for_longest_is_forgotten():
    buckets = Buckets(most=2)
    for name in ("a", "b", "a", "c"):
        buckets.take(name, 1.0, Instant(0.0))
    assert buckets.wait("a", 1.0, Instant(0.0)) > 0
    assert buckets.wait("b", 1.0, Instant(0.0)) == 0


steps = st.lists(st.sampled_from([0.0, 0.01, 1.0, 7.0, 61.0]), max_size=60)


@given(steps, st.sampled_from([0.5, 1.0, 2.0, 7.5, 60.0]))
def test_in_any_stretch_of_time_come_at_most_those_of_one_minute_more(gaps, rate):
    buckets, now, taken = Buckets(), 0.0, []
    for gap in gaps:
        now += gap
        wait = buckets.take("a", rate, Instant(now))
        assert wait == 0 or buckets.wait("a", rate, Instant(now + wait)) == pytest.approx(0, abs=1e-6)
        if wait == 0:
            taken.append(now)
    for first in range(len(taken)):
        for last in range(first, len(taken)):
            most = max(1.0, rate) + (taken[last] - taken[first]) * rate / MINUTE
            assert last - first + 1 <= most + 1e-6
