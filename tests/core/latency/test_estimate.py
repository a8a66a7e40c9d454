"""The prior: what distance says, and how little it says when the place is vague."""

from itertools import pairwise

import pytest

from autorouter.core.latency.estimate import estimate
from autorouter.core.latency.law import TYPICAL, blur, spread, typical_rtt
from autorouter.core.query import Access, Client
from autorouter.core.units import Kilometres, Millis
from tests.scenes import LONDON, TORONTO, VANCOUVER, client, region


@pytest.mark.parametrize(("km", "ms"), TYPICAL)
def test_the_law_goes_through_its_knots(km, ms):
    assert typical_rtt(Kilometres(km)) == pytest.approx(ms)


def test_the_law_never_falls_with_distance_and_its_spread_never_grows():
    steps = [Kilometres(float(km)) for km in range(0, 20_100, 50)]
    assert all(typical_rtt(a) <= typical_rtt(b) for a, b in pairwise(steps))
    assert all(spread(a) >= spread(b) for a, b in pairwise(steps))


def test_a_place_that_may_be_far_off_widens_the_estimate():
    exact = estimate(client(LONDON, radius=Kilometres(1.0)), region("yto"))
    vague = estimate(client(LONDON, radius=Kilometres(500.0)), region("yto"))
    assert exact.rtt == vague.rtt
    assert vague.spread > exact.spread


def test_a_mobile_client_is_known_to_two_hundred_kilometres_at_best():
    fixed = estimate(client(TORONTO), region("yto"))
    mobile = estimate(client(TORONTO, access=Access.MOBILE), region("yto"))
    assert mobile.spread > fixed.spread


def test_doubt_near_a_region_does_not_look_like_a_continent():
    assert blur(Kilometres(0.0), Kilometres(100.0)) < 5.0


def test_an_unknown_place_gets_the_routers_own_round_trip_with_the_widest_spread():
    found = estimate(Client(), region("yvr", VANCOUVER, rtt=Millis(60.0)))
    assert (found.rtt, found.source) == (60.0, "unknown")
    assert found.spread == pytest.approx(64 * 0.6)


def test_a_region_that_only_others_reached_is_taken_for_far():
    assert estimate(Client(), region("yvr", VANCOUVER)).rtt == 150.0
