"""What clients teach each other, and how little a liar can."""

from random import Random
from statistics import fmean

import pytest

from autorouter.core.latency.law import rtt_of, z_of
from autorouter.core.latency.offsets import FEWEST, HONEST, MOST_PASSING, MOST_VOICES, Offsets, Pool, clipped
from autorouter.core.names import Country, Network, RegionName
from autorouter.core.place import cell_of
from tests.scenes import LONDON, MONTREAL, TORONTO

YTO = RegionName("yto-01")
HERE, NEAR, FAR = cell_of(TORONTO), cell_of(MONTREAL), cell_of(LONDON)
CA, ROGERS = Country("CA"), Pool(812, Country("CA"))


def network(number):
    return Network(f"203.0.{number}.0/24")


def told(figures, pool=ROGERS):
    offsets = Offsets()
    for number, figure in enumerate(figures):
        offsets.hear_line(pool, network(number), figure)
    return offsets


def test_a_cell_that_nobody_was_measured_in_and_near_has_no_offsets():
    assert Offsets().seen_from(HERE) == {}


def test_what_is_learned_here_counts_less_there_and_nothing_an_ocean_away():
    offsets = Offsets()
    for number in range(8):
        offsets.hear_path(HERE, YTO, network(number), 0.4)
    here, near = offsets.seen_from(HERE)[YTO], offsets.seen_from(NEAR)[YTO]
    assert 0 < near < here < 0.4
    antipode = (-9, 20)
    assert offsets.seen_from(antipode) == {}


def test_one_voice_is_believed_less_than_many():
    one, many = Offsets(), Offsets()
    one.hear_path(HERE, YTO, network(0), 0.4)
    for number in range(20):
        many.hear_path(HERE, YTO, network(number), 0.4)
    assert one.seen_from(HERE)[YTO] < many.seen_from(HERE)[YTO]


def test_a_network_has_one_voice_however_often_it_speaks():
    offsets = Offsets()
    for _ in range(50):
        offsets.hear_path(HERE, YTO, network(0), 0.4)
    once = Offsets()
    once.hear_path(HERE, YTO, network(0), 0.4)
    assert offsets.seen_from(HERE) == once.seen_from(HERE)


def test_only_the_latest_voices_are_remembered():
    offsets = Offsets()
    for number in range(3 * MOST_VOICES):
        offsets.hear_path(HERE, YTO, Network(f"10.{number}.0.0/24"), 0.0 if number < MOST_VOICES else 0.5)
    assert offsets.seen_from(HERE)[YTO] > 0.45


def test_what_is_told_changes_with_a_refresh_and_not_before():
    offsets = Offsets()
    assert offsets.seen_from(HERE) == {}
    offsets.hear_path(HERE, YTO, network(0), 0.4)
    offsets.hear_line(ROGERS, network(0), 0.4)
    version = offsets.version(HERE, CA)
    assert offsets.seen_from(HERE) == {}
    offsets.refresh(8)
    assert offsets.seen_from(HERE)[YTO] > 0
    assert all(after > before for after, before in zip(offsets.version(HERE, CA), version, strict=True))


def test_a_refresh_without_news_changes_nothing():
    offsets = Offsets()
    offsets.seen_from(HERE)
    offsets.refresh(8)
    assert offsets.version(HERE, CA) == (0, 0)


def test_a_region_that_moved_is_forgotten():
    offsets = Offsets()
    offsets.hear_path(HERE, YTO, network(0), 0.4)
    offsets.hear_time(YTO, network(0), 3.0)
    offsets.forget({YTO})
    assert offsets.seen_from(HERE) == {}
    assert offsets.typical(YTO) is None


def test_what_clients_take_to_a_region_wherever_they_are():
    offsets = Offsets()
    for number, z in enumerate((3.0, 3.1, 9.0)):
        offsets.hear_time(YTO, network(number), z)
    assert offsets.typical(YTO) == pytest.approx(3.1)


@pytest.mark.parametrize("voices", range(FEWEST))
def test_a_pool_moves_only_when_enough_networks_say_so(voices):
    assert told([0.8] * voices).common(ROGERS) == 0.0


def test_a_provider_is_known_better_than_its_country():
    offsets = told([0.5] * 10)
    for number in range(100, 110):
        offsets.hear_line(Pool(577, CA), network(number), -0.1)
    assert offsets.common(ROGERS) > offsets.common(Pool(None, CA))
    assert offsets.common(Pool(577, CA)) < offsets.common(Pool(None, CA))
    assert offsets.common(Pool(999, CA)) == offsets.common(Pool(None, CA))
    assert offsets.common(Pool(None, Country("US"))) == 0.0


def test_a_residual_counts_up_to_a_limit():
    assert (clipped(7.0), clipped(-7.0), clipped(0.3)) == (1.0, -1.0, 0.3)


@pytest.mark.parametrize("spread", [0.02, 0.1, HONEST])
@pytest.mark.parametrize("voices", [10, 20, MOST_VOICES])
def test_three_liars_in_ten_move_a_pool_by_less_than_a_tenth_wherever_they_put_their_lies(spread, voices):
    """Averaged over draws, for one pool of thirty has a median that wanders by as much by itself."""
    usual, liars = 30.0, voices * 3 // 10
    for off in [each * spread / 4 for each in range(-12, 13)] + [-3.0, 3.0]:
        shifts = []
        for seed in range(60):
            dice = Random(seed)
            honest = [dice.gauss(0.1, spread) for _ in range(voices)]
            lied = [0.1 + off if number < liars else figure for number, figure in enumerate(honest)]
            before, after = (rtt_of(z_of(usual) + told(said).common(ROGERS)) for said in (honest, lied))
            shifts.append(after / before - 1)
        assert abs(fmean(shifts)) < 0.1


def test_news_from_one_side_of_the_world_is_none_on_the_other():
    offsets, antipode = Offsets(), (-9, 20)
    for cell in (HERE, antipode):
        offsets.seen_from(cell)
    offsets.hear_path(HERE, YTO, network(0), 0.4)
    offsets.hear_line(ROGERS, network(0), 0.4)
    offsets.refresh(8)
    assert offsets.version(HERE, CA) == (1, 1)
    assert offsets.version(antipode, Country("AU")) == (0, 0)


def test_who_names_any_cell_it_likes_leaves_few_of_them_behind():
    offsets = told([0.4] * 5)
    offsets.seen_from(HERE)
    offsets.hear_path(HERE, YTO, network(0), 0.4)
    for number in range(3 * MOST_PASSING):
        offsets.seen_in_passing((number % 18, number // 18))
    assert len(offsets._passing) == MOST_PASSING
    offsets.refresh(8)
    assert (set(offsets._told), offsets._passing) == ({HERE}, {})
    assert offsets.seen_in_passing(HERE) is offsets.seen_from(HERE)
    assert offsets.seen_in_passing(NEAR)[YTO] > 0
    assert offsets.seen_in_passing(NEAR) is offsets.seen_in_passing(NEAR)


def test_what_is_told_in_passing_changes_with_a_refresh_too():
    offsets = Offsets()
    assert offsets.seen_in_passing(HERE) == {}
    version = offsets.version(HERE, None)
    offsets.hear_path(HERE, YTO, network(0), 0.4)
    offsets.hear_time(YTO, network(0), 3.0)
    offsets.refresh(8)
    assert offsets.version(HERE, None) > version
    assert offsets.seen_in_passing(HERE) != {}


def test_a_cell_that_nobody_asks_about_any_more_is_not_kept_up_to_date_for_ever(monkeypatch):
    monkeypatch.setattr("autorouter.core.latency.offsets.LATELY", 3)
    offsets = Offsets()
    for cell in (HERE, FAR):
        offsets.seen_from(cell)
    for turn in range(9):
        offsets.version(FAR, None)
        offsets.hear_time(YTO, network(turn), 3.0)
        offsets.refresh(8)
    assert set(offsets._told) == {FAR}


def test_nobody_makes_room_for_hearsay():
    offsets = told([0.1] * MOST_VOICES)
    before = offsets.common(ROGERS)
    for number in range(100, 200):
        offsets.hear_line(ROGERS, network(number), 1.0, hearsay=True)
    assert offsets.common(ROGERS) == before


def test_hearsay_makes_room_for_what_was_measured_however_often_it_is_said():
    offsets = Offsets()
    for number in range(MOST_VOICES):
        for lie in (network(each) for each in range(100, 100 + MOST_VOICES)):
            offsets.hear_line(ROGERS, lie, 1.0, hearsay=True)
        offsets.hear_line(ROGERS, network(number), 0.1)
    assert offsets.common(ROGERS) < 0.1
