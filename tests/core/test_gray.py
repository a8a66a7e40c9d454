"""Nodes that answer a look and fail their clients, or answer only some looks."""

import pytest

from autorouter.core.gray import ASIDE, FEWEST, MOST, NEW, NOTHING, Standing, set_aside
from autorouter.core.names import NodeName
from autorouter.core.units import Instant

WELL, MISSED = (1.0, 0.0), (0.0, 1.0)
NONE = (0.0, 0.0)


def after(*looks, requests=(), standing=NEW, start=0):
    """The standing after *looks*, one every two seconds, and as many reports of *requests*."""
    for nth, look in enumerate(looks):
        asked = requests[nth] if nth < len(requests) else NONE
        standing = standing.after(Instant(start + 2.0 * nth), look, asked)
    return standing


def test_a_node_that_loses_every_fourth_look_is_set_aside():
    standing = after(*[WELL, WELL, WELL, MISSED] * 5)
    assert standing.times == 1
    assert standing.why == "5 of its latest 20 looks failed"
    assert standing.until == 38 + ASIDE


def test_a_lost_look_now_and_then_is_weather():
    assert after(*([WELL] * 14 + [MISSED]) * 20).times == 0


def test_few_looks_are_no_verdict():
    assert after(*[MISSED] * 4, *[WELL] * 12).times == 0


def test_a_node_that_fails_a_fifth_of_its_requests_is_set_aside_though_it_looks_well():
    standing = after(*[WELL] * 5, requests=[(4.0, 1.0)] * 5)
    assert standing.why == "4 of its latest 20 requests failed"


def test_five_failed_requests_in_a_row_are_a_verdict():
    standing = after(*[WELL] * 3, requests=[(0.0, 3.0), NONE, (0.0, 2.0)])
    assert standing.why == "5 requests failed in a row"


def test_a_request_that_went_well_between_breaks_the_row():
    assert after(*[WELL] * 3, requests=[(0.0, 3.0), (1.0, 0.0), (0.0, 4.0)]).times == 0


def test_what_happens_while_it_is_set_aside_is_not_counted():
    standing = after(WELL, requests=[(0.0, 5.0)])
    assert after(*[MISSED] * 10, standing=standing, start=1) == standing


def test_it_is_set_aside_for_longer_each_time_and_for_less_once_it_has_been_well():
    standing, now, lengths = NEW, 0.0, []
    for _ in range(3):
        standing = standing.after(Instant(now), WELL, (0.0, 5.0))
        lengths.append(standing.until - now)
        now = standing.until
    assert lengths == [30, 60, 90]
    assert after(*[WELL] * 20, standing=standing, start=now).times == 2
    assert after(*[WELL] * 400, standing=standing, start=now).times == 0


def test_never_for_more_than_five_minutes():
    standing, now = NEW, 0.0
    for _ in range(20):
        standing = standing.after(Instant(now), WELL, (0.0, 5.0))
        length, now = standing.until - now, standing.until
    assert length == 300


@pytest.mark.parametrize(("good", "bad"), [(1000, 0), (0, 1000), (1e6, 3), (0, 0)])
def test_a_tally_is_about_lately(good, bad):
    tally = NOTHING.plus(good, bad).plus(good, bad)
    assert tally.good + tally.bad <= MOST + 1e-9
    assert tally.is_bad == (bad > good)


def test_a_tally_of_few_says_nothing():
    assert not NOTHING.plus(0, FEWEST - 1).is_bad


class TestMany:
    def standings(self, there, gray):
        return {
            NodeName(f"n{nth:02}"): Standing(until=Instant(100.0 - nth), why="gray") if nth < gray else NEW
            for nth in range(there)
        }

    @pytest.mark.parametrize(("there", "gray", "aside"), [(1, 1, 1), (3, 2, 1), (20, 1, 1), (20, 5, 2), (30, 30, 3)])
    def test_a_tenth_of_the_fleet_at_most_but_one_always(self, there, gray, aside):
        assert len(set_aside(self.standings(there, gray), Instant(0.0))) == aside

    def test_those_who_return_first_are_set_aside_first(self):
        assert list(set_aside(self.standings(3, 3), Instant(0.0))) == ["n02"]

    def test_nobody_beyond_their_time(self):
        assert set_aside(self.standings(3, 3), Instant(100.0)) == {}

    def test_nobody_where_nobody_is(self):
        assert set_aside({}, Instant(0.0)) == {}
