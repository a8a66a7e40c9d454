"""Why a client stays, by what was measured of the region it is in and of the one that seems better."""

import pytest

from autorouter.core.candidate import Candidate
from autorouter.core.capacity import Load
from autorouter.core.incumbent import keep
from autorouter.core.latency.belief import Estimate
from autorouter.core.latency.sources import SOURCES
from autorouter.core.placement import Placed
from autorouter.core.policies import POLICIES
from autorouter.core.units import Millis
from tests.measured import sample, track
from tests.scenes import region

KEPT = SOURCES["served"].kept

SPREAD = 1.5
"""Of both round trips: 2.1 ms of their difference."""


def measured(name, rtt, times, *, wait=0.0):
    """A region measured so many *times*, with a queue of *wait* ms."""
    path = track(*(sample(rtt, at=10.0 * i) for i in range(times)))
    estimate = Estimate(Millis(rtt), Millis(SPREAD), "measured", Millis(rtt), Millis(rtt), 3.0, 0.1, path)
    placed = Placed(f"https://{name}", (), Load(4, 0, Millis(50.0)), Millis(wait), full=False, more=0.2)
    return Candidate(region(name), placed, estimate)


def stays(here, best):
    return keep([best, here], here.view.region.name, POLICIES["lowest-latency"])[0][0] is here


@pytest.mark.parametrize(("gain", "stay"), [(2.9, True), (3.1, False), (5.0, False)])
def test_a_region_that_was_looked_at_once_is_left_at_the_first_good_reason(gain, stay):
    assert stays(measured("yto", 30.0, 1), measured("yul", 30.0 - gain, 1)) is stay


@pytest.mark.parametrize(("gain", "stay"), [(5.0, True), (8.0, True), (9.0, False)])
def test_a_region_that_is_well_known_is_left_for_more_than_its_wobble(gain, stay):
    assert stays(measured("yto", 30.0, KEPT), measured("yul", 30.0 - gain, KEPT)) is stay


def test_it_is_the_region_to_be_left_that_has_to_be_well_known():
    assert not stays(measured("yto", 30.0, KEPT - 1), measured("yul", 25.0, KEPT))
    assert stays(measured("yto", 30.0, KEPT), measured("yul", 25.0, 1))


def test_a_queue_makes_a_well_known_region_leavable_as_ever():
    assert not stays(measured("yto", 30.0, KEPT, wait=12.5), measured("yul", 30.0, KEPT))
