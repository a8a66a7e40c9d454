"""Who leaves so that another model fits, as laws."""

from hypothesis import given
from hypothesis import strategies as st

from node_agent.core.models import ModelName
from node_agent.core.residency import Resident, Room, excess, first, room
from node_agent.core.units import Instant

NOW = Instant(100.0)
times = st.sampled_from([90.0, 99.0, 100.0, 101.0, 130.0]).map(Instant)
sizes = st.sampled_from([0, 100, 200, 400])
budgets = st.sampled_from([0, 100, 300, 400, 700])


@st.composite
def houses(draw):
    return [
        Resident(ModelName(f"m{i}"), draw(sizes), draw(times), draw(times), draw(st.booleans()))
        for i in range(draw(st.integers(0, 5)))
    ]


def left(house, made):
    return [each for each in house if each.name not in made.leave]


def total(residents):
    return sum(each.size for each in residents)


@given(houses(), sizes, budgets)
def test_the_budget_is_kept_or_there_is_no_room(house, size, budget):
    made = room(house, size, budget, NOW)
    assert made.obstacle or total(left(house, made)) + size <= budget


@given(houses(), sizes, budgets)
def test_nobody_leaves_who_is_in_use_or_has_hardly_come(house, size, budget):
    for each in house:
        if each.name in room(house, size, budget, NOW).leave:
            assert not each.kept
            assert each.stays <= NOW


@given(houses(), sizes, budgets)
def test_nobody_leaves_for_nothing(house, size, budget):
    made = room(house, size, budget, NOW)
    leavers = [each for each in house if each.name in made.leave]
    for each in leavers:
        assert total(left(house, made)) + each.size + size > budget
    assert not (made.obstacle and made.leave)


@given(houses(), budgets)
def test_who_has_grown_too_large_makes_others_leave_as_far_as_they_can(house, budget):
    leavers = excess(house, budget, NOW)
    stay = [each for each in house if each.name not in leavers]
    assert total(stay) <= budget or all(each.kept or each.stays > NOW for each in stay)
    assert not any(each.kept or each.stays > NOW for each in house if each.name in leavers)
    assert total(house) > budget or not leavers


@given(houses(), sizes, budgets)
def test_room_is_found_where_there_is_any(house, size, budget):
    made = room(house, size, budget, NOW)
    may_leave = [each for each in house if not each.kept and each.stays <= NOW]
    assert bool(made.obstacle) == (total(house) - total(may_leave) + size > budget)


@given(houses(), sizes, budgets)
def test_who_waits_as_long_as_is_told_finds_room(house, size, budget):
    made = room(house, size, budget, NOW)
    if made.wait is not None:
        assert made.wait > 0
        assert not room(house, size, budget, Instant(NOW + made.wait)).obstacle


@given(houses(), budgets)
def test_of_two_of_a_size_the_one_not_asked_for_longer_leaves(house, budget):
    house = [Resident(each.name, 100, each.used, NOW) for each in house]
    made = room(house, 100, budget, NOW)
    stay = [each.used for each in left(house, made) if not each.kept]
    go = [each.used for each in house if each.name in made.leave]
    assert not go or not stay or max(go) <= min(stay)


def test_two_models_that_are_asked_for_in_turn_do_not_chase_each_other_out():
    just_loaded = Resident(ModelName("a"), 300, used=Instant(98.0), stays=Instant(101.5))
    assert room([just_loaded], 300, 400, NOW) == Room(
        obstacle="what would have to leave was loaded only just now, or is on its way", wait=1.5
    )


def test_what_is_in_the_way_is_said():
    pinned = Resident(ModelName("a"), 300, Instant(0.0), Instant(0.0), kept=True)
    said = room([pinned], 300, 400, NOW)
    assert (said.obstacle, said.wait) == (
        "it needs 300 of 400 MiB, and what is there is in use or pinned",
        None,
    )


@given(st.dictionaries(st.sampled_from("abcde").map(ModelName), sizes), st.sets(st.sampled_from("abcde")), budgets)
def test_at_the_start_the_pinned_come_and_others_only_within_the_budget(sized, pinned, budget):
    pinned = frozenset(ModelName(name) for name in pinned & set(sized))
    chosen = first(sized, pinned, budget)
    assert pinned <= set(chosen)
    assert set(chosen) == pinned or sum(sized[name] for name in chosen) <= budget
    assert first(sized, pinned, None) == tuple(sorted(sized, key=lambda name: name not in pinned))
