"""Every shape of record gives the same place, and what makes no sense is unknown."""

import pytest

from autorouter.core.place import Coordinates
from autorouter.core.query import Access
from autorouter.location.access import MOBILE, SATELLITE, access_of
from autorouter.location.records import MIDDLES, Found, asn_in, place_in
from tests.places import nested

OSLO = Coordinates(59.91, 10.75)


@pytest.mark.parametrize(
    "record",
    [
        nested("NO", 59.91, 10.75),
        {"country_code": "NO", "city": "Oslo", "latitude": 59.91, "longitude": 10.75, "postcode": "", "timezone": ""},
        {"country": "NO", "lat": 59.91, "lng": 10.75},
        {"country_code": "NO", "lat": 59.91, "lon": 10.75},
    ],
)
def test_each_shape_is_read(record):
    assert place_in(record) == Found(OSLO, None, "NO")


def test_a_radius_is_kept_and_a_huge_one_makes_the_place_unknown():
    assert place_in(nested("NO", 59.91, 10.75, 20)) == Found(OSLO, 20.0, "NO")
    assert place_in(nested("NO", 59.91, 10.75, 999)).radius == 999
    assert place_in(nested("NO", 59.91, 10.75, 1000)) == Found(None, None, "NO")


@pytest.mark.parametrize("middle", sorted(MIDDLES))
def test_the_middle_of_a_wide_country_is_not_a_place(middle):
    latitude, longitude = middle
    assert place_in({"country_code": "US", "latitude": latitude, "longitude": longitude}) == Found(None, None, "US")
    exact = nested("US", latitude + 1e-6, longitude - 1e-6, 200)
    assert place_in(exact).at is None, "single precision is told apart from nothing"
    assert place_in({"country_code": "US", "latitude": latitude + 0.01, "longitude": longitude}).at is not None


def test_a_flat_record_without_its_city_knows_the_country_at_best():
    record = {"country_code": "NO", "city": "", "latitude": 62.0, "longitude": 10.0}
    assert place_in(record) == Found(None, None, "NO")


@pytest.mark.parametrize(
    "record",
    [
        None,
        "Oslo",
        7,
        [],
        {},
        {"location": None},
        {"country": 7, "location": {"latitude": "north", "longitude": 1.0}},
        {"country": {"iso_code": "XX"}, "location": {"latitude": 4000.0, "longitude": 1.0}},
        {"country": {"iso_code": ["NO"]}, "location": {"latitude": float("nan"), "longitude": 1.0}},
        {"country": {"iso_code": {}}, "location": {"latitude": 1.0}},
    ],
)
def test_what_makes_no_sense_is_unknown(record):
    assert place_in(record) == Found(None, None, None)


def test_a_country_outlives_a_place_that_is_none():
    assert place_in(nested("NO", 91.0, 10.0)) == Found(None, None, "NO")
    assert place_in(nested("NO", 59.91, 10.75, "wide")) == Found(OSLO, None, "NO")


@pytest.mark.parametrize(
    ("record", "asn"),
    [
        ({"autonomous_system_number": 15169, "autonomous_system_organization": "GOOGLE"}, 15169),
        ({"asn": 15169}, 15169),
        ({"asn": 0}, None),
        ({"asn": 1 << 32}, None),
        ({"asn": float("nan")}, None),
        ({"asn": "AS15169"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_systems_are_read(record, asn):
    assert asn_in(record) == asn


def test_a_system_may_tell_how_its_clients_are_attached():
    assert access_of(14593) is Access.SATELLITE
    assert access_of(21928) is Access.MOBILE
    assert access_of(15169) is access_of(None) is Access.FIXED
    assert not SATELLITE.keys() & MOBILE.keys()
