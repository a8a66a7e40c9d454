"""Expected wait by the number of requests that are there."""

from math import factorial

import pytest

from autorouter.core.erlang import LAST, MOST_SERVERS, STEPS, wait, waits


def textbook(servers, work):
    """Mean wait in mean services, by Erlang's formula as it is printed; and how many are there."""
    full = work**servers / factorial(servers) * servers / (servers - work)
    chance = full / (sum(work**k / factorial(k) for k in range(servers)) + full)
    each = chance / (servers - work)
    return work + work * each, each


@pytest.mark.parametrize(("servers", "work"), [(1, 0.5), (1, 0.9), (4, 2), (4, 3.6), (20, 16), (100, 80), (100, 95)])
def test_it_is_the_formula_turned_around(servers, work):
    there, each = textbook(servers, work)
    assert wait(servers, there) == pytest.approx(each, rel=0.02, abs=1e-4)


@pytest.mark.parametrize("servers", [1, 2, 7, 60, 200])
def test_it_never_falls_and_has_no_gap(servers):
    steps = [later - sooner for sooner, later in zip(waits(servers), waits(servers)[1:], strict=False)]
    assert min(steps) >= 0
    assert max(steps) < 3 * (LAST - STEPS) / STEPS / STEPS * 2


def test_an_overfull_line_is_as_long_as_those_in_front():
    assert wait(4, 12) == pytest.approx(2.0, abs=0.3)
    assert wait(4, 400) > wait(4, 40) > wait(4, 12)


def test_many_slots_wait_less_than_few():
    waited = [wait(slots, 0.9 * slots) for slots in (1, 4, 40, 200, 400, 4000)]
    assert waited == sorted(waited, reverse=True)
    assert wait(2 * MOST_SERVERS, 1.8 * MOST_SERVERS) == pytest.approx(wait(MOST_SERVERS, 0.9 * MOST_SERVERS) / 2)


def test_a_part_of_a_slot_waits_like_a_whole_one_that_is_as_busy():
    assert wait(0.1, 0.08) == pytest.approx(wait(1, 0.8))
