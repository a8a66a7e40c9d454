"""The limit: that it finds where more at once gains nothing, wherever that is, and stays away from it otherwise."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_agent.core.limit import FEW, LIFE, Limit
from node_agent.core.throughput import Finished
from node_agent.core.units import Instant, Seconds
from tests.agent.core.servers import World, batching, knee, moving

SETTLED, END = 300.0, 600.0
"""A thousand answers or so, and as many again."""


def told(limit, *requests, now=0.0, every=1.0):
    """*limit* after requests of (time per unit, how many ran), one each second."""
    for number, (per_unit, beside) in enumerate(requests, 1):
        limit = limit.fold(Finished(Seconds(per_unit), beside), Instant(now + number * every))
    return limit


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("at", "power", "most"), [(3, 1.0, 8), (3, 2.0, 8), (5, 1.0, 8), (1, 1.0, 2), (6, 1.0, 16)])
def test_it_settles_where_more_at_once_gains_nothing(at, power, most, seed):
    world = World(knee(at, power), most, seed=seed).live(END)
    assert world.within(at, 1, SETTLED, END) > 0.95
    assert abs(world.slots(SETTLED, END)[0] - at) < 0.5


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(
    ("slow", "most"),
    [
        (knee(8), 8),  # nobody slows anybody
        (knee(16), 16),
        (batching(0.1), 8),  # 1.7 times as slow at eight, and 4.7 times the work
        (batching(0.3), 2),  # what one thread does with SmolLM2
        (knee(3, 0.5), 8),  # slower from three on, and yet more work
    ],
)
def test_what_is_configured_stays_while_more_at_once_does_more_work(slow, most, seed):
    world = World(slow, most, seed=seed).live(END)
    assert world.slots(60.0, END)[0] > most * 0.97
    assert world.within(most, 0, 60.0, END) > 0.85


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("load", [0.9, 1.2])
def test_an_open_crowd_tells_it_as_well(load, seed):
    world = World(knee(3), 8, load=load * 3, seed=seed).live(END)
    assert world.within(3, 1, SETTLED, END) > 0.95


def test_of_sixty_four_it_finds_twenty():
    world = World(knee(20), 64).live(200.0)
    assert abs(world.slots(100.0, 200.0)[0] - 20) < 1.0
    assert world.within(20, 4, 100.0, 200.0) == pytest.approx(1.0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_it_follows_a_knee_that_moves_and_comes_back(seed):
    world = World(moving((200.0, knee(8)), (500.0, knee(3)), (900.0, knee(8))), 8, seed=seed).live(800.0)
    assert world.within(8, 0, 60.0, 200.0) > 0.9
    assert world.within(3, 1, 350.0, 500.0) > 0.9
    assert world.within(8, 0, 600.0, 800.0) > 0.9


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_model_that_is_slower_at_everything_keeps_its_slots(seed):
    slower = lambda n, now: 2.0 * knee(8)(n, now)  # noqa: E731 - one expression, with a name for the test to read
    world = World(moving((200.0, knee(8)), (400.0, slower), (900.0, knee(8))), 8, seed=seed).live(END)
    assert world.slots(200.0, END)[0] > 7.7


def test_requests_that_differ_by_a_third_from_each_other_only_make_it_slower():
    world = World(knee(3), 8, noise=0.3).live(END)
    assert world.within(3, 2, SETTLED, END) > 0.95


def test_trying_costs_next_to_nothing():
    free, bound = World(knee(8), 8).live(END), World(knee(3), 8).live(END)
    assert free.done > 0.97 * 8 * END / 0.02 / 1.02
    assert bound.done > 0.97 * 3 * END / 0.02 / 1.02


def test_while_nobody_presses_it_stays():
    quiet = told(Limit(8, 8), *[(1.0, 1.0), (1.0, 2.0)] * 200)
    assert quiet.slots == 8


def test_it_moves_no_faster_than_requests_tell():
    limit, moves, since = Limit(8, 8), [], 0
    for number in range(300):
        after = told(limit, (8.0 / 3.0, limit.slots), now=float(number))
        since += 1
        if after.slots != limit.slots:
            moves.append(since)
            since = 0
        limit = after
    assert min(moves) >= FEW
    assert moves[0] == 24


def test_one_that_hung_is_one_among_many():
    world = World(knee(8), 8).live(100.0)
    world.limit = told(world.limit, (2.0, 8.0), now=100.0, every=0.001)
    assert world.live(200.0).slots(100.0, 200.0)[0] > 7.7


def test_one_that_was_answered_from_nowhere_is_one_among_many():
    world = World(knee(8), 8).live(100.0)
    world.limit = told(world.limit, (1e-9, 1.0), now=100.0, every=0.001)
    assert world.live(200.0).slots(100.0, 200.0)[0] > 7.7


def test_what_was_clear_is_looked_at_again_after_some_minutes():
    saturated = lambda limit: (1.0, limit.slots)  # noqa: E731 - one expression, with a name for the test to read
    limit, now, tried = Limit(8, 8), 0.0, []
    while now < 4 * LIFE:
        after = told(limit, saturated(limit), now=now)
        now += 1.0
        if after.slots < limit.slots:
            tried.append(now)
        limit = after
    assert len(tried) == 3
    assert all(later - earlier > LIFE for earlier, later in pairwise(tried))


def test_after_a_long_silence_nothing_old_is_believed():
    known = told(Limit(8, 8), *[(1.0, 4.0)] * 50)
    assert known.seen[3].weight > 30
    assert told(known, (1.0, 8.0), now=10 * LIFE).seen[3].weight < 0.1


requests = st.lists(
    st.tuples(st.sampled_from([1e-6, 0.02, 0.03, 1.0, 300.0]), st.sampled_from([0.5, 1.0, 2.4, 7.6, 8.0, 40.0])),
    max_size=80,
)


@given(st.sampled_from([1, 2, 8]), requests, st.sampled_from([0.0, 0.1, 1000.0]))
def test_it_is_never_below_one_nor_above_what_is_configured(most, history, every):
    limit = Limit(most, most)
    for number, each in enumerate(history):
        limit = told(limit, each, now=number * every, every=every)
        assert 1 <= limit.slots <= most
        assert len(limit.seen) in {0, most}
