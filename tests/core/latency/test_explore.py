"""What is worth measuring: where most is expected, and nowhere that cannot be."""

from math import exp

import numpy as np
import pytest

from autorouter.core.latency.atlas import Atlas
from autorouter.core.latency.belief import MOST_GUESSES, Estimate
from autorouter.core.latency.explore import AGAIN, LEAST_SAVING, UNEASY, saving, suspicion, worth_measuring
from autorouter.core.latency.sample import Sample
from autorouter.core.names import Network, RegionName
from autorouter.core.place import Coordinates
from autorouter.core.units import Instant, Millis
from tests.scenes import LONDON, MONTREAL, NEW_YORK, TORONTO, VANCOUVER, client, region

PLACES = {"yto": TORONTO, "yul": MONTREAL, "nyc": NEW_YORK, "yvr": VANCOUVER, "lon": LONDON}
MIDWAY = Coordinates(44.6, -76.5)
NETWORK = Network("203.0.113.0/24")
ALL = [RegionName(name) for name in PLACES]


def atlas(**measured):
    known = Atlas([region(name, at).region for name, at in PLACES.items()])
    for name, rtt in measured.items():
        known.learn(sample(name, rtt), client(MIDWAY))
    return known


def sample(name, rtt, at=0.0):
    return Sample(NETWORK, RegionName(name), Millis(rtt), 3, Instant(at), "served")


def belief(at=MIDWAY, **measured):
    return atlas(**measured).belief(client(at), Instant(10.0))


def wanted(believed, chosen="yto", others=ALL):
    return worth_measuring(believed, RegionName(chosen), others)


def test_of_two_regions_that_are_about_as_far_the_other_is_worth_measuring():
    probe = wanted(belief(yto=20.0))
    assert probe.region == "yul"
    assert probe.saving > LEAST_SAVING
    assert "yul may be nearer than it seems" in probe.why


def test_the_region_the_client_goes_to_is_measured_anyway():
    assert wanted(belief(), others=[RegionName("yto")]) is None


def test_what_is_surely_farther_is_not():
    assert wanted(belief(yto=2.0), others=[RegionName("yto"), RegionName("lon"), RegionName("yvr")]) is None


def test_what_was_measured_lately_is_not_measured_again():
    assert wanted(belief(yto=10.0, yul=30.0, nyc=40.0), others=[RegionName("yul"), RegionName("nyc")]) is None


def test_what_is_known_well_and_better_is_not_measured_again_before_an_hour_is_over():
    known = atlas(yto=20.0, yul=17.0)
    others = [RegionName("yul")]
    assert wanted(known.belief(client(MIDWAY), Instant(10.0)), others=others) is None
    fresh = atlas(yto=20.0, yul=17.0)
    assert wanted(fresh.belief(client(MIDWAY), Instant(AGAIN + 10.0)), others=others).region == "yul"


def test_what_was_measured_once_may_be_measured_again():
    known = atlas(yto=20.0)
    known.learn(Sample(NETWORK, RegionName("yul"), Millis(17.0), 1, Instant(0.0), "probe"), client(MIDWAY))
    assert wanted(known.belief(client(MIDWAY), Instant(10.0)), others=[RegionName("yul")]).region == "yul"


def test_only_so_many_guesses_are_remembered():
    lost = belief(at=LONDON, lon=150.0, yto=20.0)
    for name in ALL + ALL:
        lost.likeliest((name,))
    assert len(lost._likeliest) <= MOST_GUESSES
    assert lost.likeliest((ALL[-1],)) is lost.likeliest((ALL[-1],))


def test_a_region_that_surprised_is_measured_again():
    known = atlas(yto=10.0, yul=20.0)
    known.learn(sample("yul", 200.0, at=100.0), client(MIDWAY))
    probe = worth_measuring(known.belief(client(MIDWAY), Instant(110.0)), RegionName("yto"), ALL)
    assert (probe.region, probe.saving) == ("yul", 0.0)
    assert "quite differently" in probe.why


def test_a_client_that_seems_to_be_elsewhere_is_looked_for_there():
    lost = belief(at=LONDON, lon=150.0, yto=20.0)
    assert lost.surprise > UNEASY
    assert suspicion(lost, ALL) is not lost
    probe = wanted(lost)
    assert probe.region in {"yul", "nyc"}
    assert "elsewhere than its address says" in probe.why


def test_two_samples_from_the_wrong_side_of_an_ocean_are_enough_to_look_on_the_other():
    probe = wanted(belief(at=LONDON, lon=88.0, yul=21.0), chosen="yul")
    assert probe.region in {"yto", "nyc"}
    assert "elsewhere than its address says" in probe.why


def test_a_client_that_is_where_it_should_be_is_not_suspected():
    sure = belief(yto=12.0)
    assert suspicion(sure, ALL) is sure


def test_a_path_that_is_odd_from_everywhere_moves_nobody():
    slow = belief(at=TORONTO, yto=900.0, yul=905.0, nyc=910.0, yvr=930.0, lon=960.0)
    assert slow.surprise > UNEASY
    assert suspicion(slow, []) is slow


@pytest.mark.parametrize(("z", "sigma"), [(3.0, 0.3), (4.5, 0.6), (2.0, 0.05), (3.4, 0.0)])
def test_the_saving_is_the_mean_over_what_the_round_trip_may_be(z, sigma):
    draws = np.exp(z + sigma * np.random.default_rng(1).standard_normal(400_000)) - 4
    of = Estimate(Millis(exp(z) - 4), Millis(1.0), "estimated", Millis(0.0), Millis(0.0), z, sigma)
    assert saving(Millis(30.0), of) == pytest.approx(np.maximum(0.0, 30.0 - draws).mean(), abs=0.05)


def test_what_a_client_only_reported_is_still_worth_measuring():
    """Else one lie would keep a network from ever finding out."""
    known = atlas(yto=20.0)
    lie = Sample(NETWORK, RegionName("yul"), Millis(5000.0), 1, Instant(0.0), "reported")
    known.learn(lie, client(MIDWAY))
    assert wanted(known.belief(client(MIDWAY), Instant(10.0)), others=[RegionName("yul")]).region == "yul"
