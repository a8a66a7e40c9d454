"""What is seen at one concurrency."""

import pytest

from node_agent.core.throughput import Finished, Seen
from node_agent.core.units import Seconds


def of(*rates, seen=None, latest=12):
    seen = seen or Seen()
    for rate in rates:
        seen = seen.fold(rate, latest)
    return seen


def test_a_request_tells_the_speed_of_all_that_ran_beside_it():
    assert Finished(Seconds(0.02), 4.0).rate == pytest.approx(200.0)


@pytest.mark.parametrize(
    ("rates", "mean"),
    [([10.0], 10.0), ([10.0, 20.0], 15.0), ([10.0, 0.0], 5.0), ([10.0, 1e9], 15.0), ([10.0] * 99 + [0.0], 9.9)],
)
def test_it_is_a_mean_in_which_no_single_request_weighs_much(rates, mean):
    assert of(*rates).rate == pytest.approx(mean)


def test_what_has_faded_gives_way_sooner():
    old = of(*[10.0] * 50)
    assert of(20.0, seen=old.faded(0.02)).rate == pytest.approx(15.0)
    assert of(20.0, seen=old).rate < 10.3


@pytest.mark.parametrize(
    ("latest", "changed"),
    [([10.0] * 20, False), ([13.0] * 20, False), ([20.0] * 10, True), ([4.0] * 10, True), ([0.0], False)],
)
def test_that_all_the_latest_are_other_is_noticed(latest, changed):
    seen, told = of(*[10.0] * 60), False
    for rate in latest:
        seen = of(rate, seen=seen)
        told |= seen.has_changed
    assert told is changed
