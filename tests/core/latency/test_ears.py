"""Regions that never tell what a probe measured are not asked about for ever."""

from autorouter.core.latency.ears import PATIENCE, SELDOM, Ears
from autorouter.core.names import RegionName

HERE, THERE = RegionName("yto"), RegionName("yul")


def asked(ears, times, region=HERE):
    return sum(ears.ask(region) for _ in range(times))


def test_a_region_that_tells_is_asked_every_time():
    ears = Ears()
    for _ in range(10 * PATIENCE):
        assert ears.ask(HERE)
        ears.told(HERE)


def test_a_deaf_region_is_asked_seldom():
    ears = Ears()
    assert asked(ears, PATIENCE) == PATIENCE
    assert asked(ears, 100 * SELDOM) == 100
    assert ears.ask(THERE)


def test_one_that_learns_to_hear_is_asked_again():
    ears = Ears()
    asked(ears, 10 * PATIENCE)
    ears.told(HERE)
    assert asked(ears, PATIENCE) == PATIENCE
