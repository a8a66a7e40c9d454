"""Where countries are: rough, and good enough for a lost sign."""

import pytest

from autorouter.core.countries import ALL
from autorouter.core.lands import BOXES, may_be_in, meant
from autorouter.core.names import Country
from autorouter.core.place import Coordinates

CITIES = [
    ("CA", 43.65, -79.38), ("CA", 49.28, -123.12), ("US", 40.71, -74.01), ("US", 61.2, -149.9), ("US", 21.3, -157.9),
    ("NO", 59.91, 10.75), ("GB", 51.51, -0.13), ("FR", 48.86, 2.35), ("BR", -23.55, -46.63), ("AU", -33.87, 151.21),
    ("NZ", -36.85, 174.76), ("FJ", -18.14, 178.44), ("FJ", -17.0, -179.9), ("JP", 35.68, 139.69),
    ("ZA", -33.92, 18.42), ("RU", 55.76, 37.62), ("PT", 38.72, -9.14), ("ES", 28.1, -15.4), ("SG", 1.35, 103.82),
    ("IS", 64.15, -21.94),
]  # fmt: skip


@pytest.mark.parametrize(("country", "latitude", "longitude"), CITIES)
def test_cities_are_where_their_country_is(country, latitude, longitude):
    assert may_be_in(Country(country), Coordinates(latitude, longitude))


@pytest.mark.parametrize(
    ("country", "written", "right"),
    [
        ("CA", (43.65, 79.38), (43.65, -79.38)),
        ("AU", (33.87, 151.21), (-33.87, 151.21)),
        ("BR", (23.55, 46.63), (-23.55, -46.63)),
        ("NO", (10.75, 59.91), (59.91, 10.75)),
        ("CA", (-79.38, 43.65), (43.65, -79.38)),
        ("US", (74.01, 40.71), (40.71, -74.01)),
    ],
)
def test_a_slip_of_the_pen_is_seen_and_set_right(country, written, right):
    assert not may_be_in(Country(country), Coordinates(*written))
    assert meant(Country(country), Coordinates(*written)) == Coordinates(*right)


def test_where_no_slip_explains_it_nothing_is_suggested():
    assert meant(Country("NZ"), Coordinates(48.86, 2.35)) is None
    assert meant(Country("NZ"), Coordinates(1.0, 120.0)) is None


def test_a_country_that_nobody_has_a_place_of_is_anywhere():
    assert may_be_in(Country("AQ"), Coordinates(1.0, 1.0))
    assert may_be_in(Country("BV"), Coordinates(1.0, 1.0))


def test_every_box_is_a_countrys_and_on_the_globe():
    assert set(BOXES) < ALL
    for south, north, west, east in BOXES.values():
        assert -90 <= south <= north <= 90
        assert -180 <= west <= 180
        assert -180 <= east <= 180
