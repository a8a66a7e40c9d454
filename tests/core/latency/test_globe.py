"""Where the regions are, and what that is asked for."""

from itertools import pairwise
from math import exp

import pytest

from autorouter.core.latency.globe import KINSHIP_KM, Globe
from autorouter.core.latency.law import ROWS
from autorouter.core.place import Coordinates, cell_of, distance, vector
from tests.measured import WORLD, off, regions, row
from tests.scenes import LONDON, TORONTO, region


@pytest.fixture
def globe():
    return Globe(regions())


def test_regions_are_numbered_in_the_catalogs_order(globe):
    assert list(globe.names) == list(WORLD)
    assert [globe.number[name] for name in globe.names] == list(range(len(WORLD)))


@pytest.mark.parametrize("name", WORLD)
def test_distances_are_those_of_great_circles(globe, name):
    assert globe.distance(vector(LONDON), globe.number[name]) == pytest.approx(distance(LONDON, WORLD[name]), abs=0.1)


def test_a_region_is_its_own_next_of_kin(globe):
    for number in range(len(WORLD)):
        kin = globe.kinship(number)
        assert kin[number] == pytest.approx(1.0, abs=1e-3)
        assert all(other < kin[number] for i, other in enumerate(kin) if i != number)


@pytest.mark.parametrize("there", [*WORLD.values(), Coordinates(51.5, -0.12), Coordinates(-51.5, 179.88)])
def test_the_row_is_that_of_the_distance(there):
    alone = Globe([region("there", there).region])
    assert alone.row(vector(LONDON), 0) == pytest.approx(row(distance(LONDON, there)), abs=1)
    assert alone.row(vector(there), 0) == 0


def test_the_row_of_the_other_side_of_the_world_is_the_last():
    alone = Globe([region("there", Coordinates(0.0, 0.0)).region])
    assert alone.row((-1.0, 0.0, 0.0), 0) == pytest.approx(ROWS - 1, abs=4)


def test_kinship_is_mutual_and_fades_with_distance(globe):
    of_toronto = globe.kinship(globe.number["yto"])
    assert of_toronto[globe.number["lhr"]] == pytest.approx(globe.kinship(globe.number["lhr"])[globe.number["yto"]])
    ordered = [of_toronto[globe.number[name]] for name in ("yto", "yul", "nyc", "yvr", "lhr", "syd")]
    assert all(a > b for a, b in pairwise(ordered))


def test_kinship_is_down_to_one_part_in_e_at_its_distance():
    globe = Globe(regions({"here": TORONTO, "there": off(TORONTO, KINSHIP_KM), "twin": TORONTO}))
    assert globe.kinship(0) == pytest.approx((1.0, exp(-1), 1.0), rel=1e-3)


def test_every_region_is_listed_from_a_cell_the_nearest_first(globe):
    listed = [globe.names[number] for number in globe.by_distance(cell_of(LONDON))]
    assert listed[0] == "lhr"
    assert listed[-1] == "syd"
    assert sorted(listed) == sorted(WORLD)


def test_what_was_worked_out_once_is_remembered(globe):
    assert globe.kinship(0) is globe.kinship(0)
    assert globe.by_distance((8, -16)) is globe.by_distance((8, -16))
