"""Room, wait and fullness by slots and what is taken of them."""

import pytest

from autorouter.core.capacity import COLD, WARM_AFTER, Load, tightest, total, warmth
from autorouter.core.query import Priority
from autorouter.core.units import Millis, Seconds


def load(slots=4.0, taken=0.0, service=100.0):
    return Load(slots, taken, Millis(service))


def test_an_idle_line_has_no_wait():
    assert load().wait() == 0.0


def test_the_wait_grows_with_what_is_taken():
    waits = [load(taken=taken).wait() for taken in (0, 1, 2, 3, 4, 6, 8)]
    assert waits == sorted(waits)
    assert waits[-1] > 100


def test_batch_finds_the_last_slots_taken():
    assert load(slots=100, taken=90).full(Priority.BATCH)
    assert not load(slots=100, taken=90).full()
    assert load(slots=100, taken=90).wait(Priority.BATCH) > load(slots=100, taken=90).wait()


def test_a_line_that_never_served_is_priced_all_the_same():
    assert load(taken=4, service=0.0).wait() > 100


@pytest.mark.parametrize(("age", "share"), [(-1, COLD), (0, COLD), (30, 0.55), (WARM_AFTER, 1.0), (900, 1.0)])
def test_what_came_back_is_given_little_at_first(age, share):
    assert warmth(Seconds(float(age))) == pytest.approx(share)


def test_a_pipeline_is_as_busy_as_its_busiest_part():
    assert tightest([load(taken=1), load(slots=10, taken=9), load(taken=2)]) == load(slots=10, taken=9)


def test_nodes_side_by_side_add_up():
    assert total([load(taken=1, service=100), load(slots=12, taken=2, service=500)]) == load(16, 3, 400)
