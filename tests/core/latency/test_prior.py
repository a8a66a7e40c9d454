"""What is believed before anything is measured, and how little that is when the place is vague."""

import pytest

from autorouter.core.query import Access, Client
from autorouter.core.units import Kilometres, Millis
from tests.scenes import LONDON, TORONTO, VANCOUVER, believed, client, region


def estimate(who, view):
    return believed(who, [view]).of(view.region.name)


def test_a_place_that_may_be_far_off_widens_the_estimate():
    exact = estimate(client(LONDON, radius=Kilometres(1.0)), region("yto"))
    vague = estimate(client(LONDON, radius=Kilometres(500.0)), region("yto"))
    assert exact.rtt == vague.rtt
    assert vague.spread > exact.spread


def test_a_mobile_client_is_known_to_two_hundred_kilometres_at_best():
    fixed = estimate(client(TORONTO), region("yto"))
    mobile = estimate(client(TORONTO, access=Access.MOBILE), region("yto"))
    assert mobile.spread > fixed.spread


def test_a_database_that_claims_to_know_where_a_phone_is_is_not_believed():
    claimed = estimate(client(TORONTO, access=Access.MOBILE, radius=Kilometres(1.0)), region("yto"))
    assert claimed.spread == estimate(client(TORONTO, access=Access.MOBILE), region("yto")).spread


def test_doubt_near_a_region_does_not_look_like_a_continent():
    near = estimate(client(TORONTO), region("yto"))
    assert near.spread < 6.0


def test_an_unknown_place_gets_the_routers_own_round_trip_with_the_widest_spread():
    found = estimate(Client(), region("yvr", VANCOUVER, rtt=Millis(60.0)))
    assert (found.rtt, found.source) == (pytest.approx(60.0), "unknown")
    assert found.spread == pytest.approx(64 * 0.6)


def test_a_region_that_nobody_ever_reached_is_taken_for_far():
    assert estimate(Client(), region("yvr", VANCOUVER)).rtt == pytest.approx(150.0)
