"""The databases that are shipped: they open, they know the well known, and they say whose work they are."""

from ipaddress import ip_address

import pytest
from geoip2.database import Reader
from maxminddb import open_database

from autorouter.core.place import Coordinates, distance
from autorouter.location.databases import DATA, Databases
from autorouter.location.derive.fetch import ASN, CITY
from autorouter.location.records import MIDDLES
from tests.scenes import MONTREAL, TORONTO, VANCOUVER

BERLIN = Coordinates(52.5, 13.4)


@pytest.fixture(scope="module")
def embedded():
    return Databases()


@pytest.mark.parametrize(
    ("who", "asn", "country", "near"),
    [
        ("8.8.8.8", 15169, "US", None),
        ("1.1.1.1", 13335, "AU", None),
        ("99.224.0.1", 812, "CA", TORONTO),  # Rogers
        ("24.200.0.1", 5769, "CA", MONTREAL),  # Videotron
        ("24.80.0.1", 6327, "CA", VANCOUVER),  # Shaw
        ("73.162.0.1", 7922, "US", Coordinates(36.6, -121.9)),  # Comcast
        ("91.64.0.1", 3209, "DE", BERLIN),  # Vodafone
        ("86.128.0.1", 2856, "GB", None),  # BT
        ("90.0.0.1", 3215, "FR", None),  # Orange
        ("126.0.0.1", 17676, "JP", None),  # SoftBank
        ("98.97.0.1", 14593, "US", None),  # Starlink
        ("172.56.0.1", 21928, "US", None),  # T-Mobile
        ("2001:4860:4860::8888", 15169, None, None),
        ("2601:640::1", 7922, "US", Coordinates(37.4, -122.0)),
        ("2607:fea8::1", 812, "CA", TORONTO),
        ("2001:569::1", 852, "CA", VANCOUVER),  # Telus
    ],
)
def test_the_well_known_are_known(embedded, who, asn, country, near):
    address = ip_address(who)
    found = embedded.find(address)
    assert embedded.asn(address) == asn
    assert country in (None, found.country)
    assert near is None or distance(near, found.at) < 50


@pytest.mark.parametrize("who", ["99.224.0.1", "24.80.0.1", "126.0.0.1", "2601:640::1", "91.64.0.1"])
def test_maxminds_own_client_reads_the_same_in_them(embedded, who):
    with Reader(DATA / "city.mmdb") as cities, Reader(DATA / "asn.mmdb") as systems:
        city, system = cities.city(who), systems.asn(who)
    found = embedded.find(ip_address(who))
    assert (city.location.latitude, city.location.longitude) == (found.at.latitude, found.at.longitude)
    assert city.country.iso_code == found.country
    assert system.autonomous_system_number == embedded.asn(ip_address(who))


def test_they_say_whose_work_they_are():
    licence = (DATA / "LICENCE").read_text()
    for release in (CITY, ASN):
        assert f"{release.name} {release.version}" in licence
    for word in ("IP Geolocation by DB-IP", "https://db-ip.com", "https://creativecommons.org/licenses/by/4.0/"):
        assert word in licence
    for name in ("city.mmdb", "asn.mmdb"):
        with open_database(DATA / name) as database:
            assert "https://db-ip.com" in database.metadata().description["en"]


def test_they_are_small_enough_to_be_shipped():
    assert sum(path.stat().st_size for path in DATA.glob("*.mmdb")) < 10_000_000


def test_rounding_makes_no_middle_of_a_country():
    assert not [each for each in MIDDLES if each == (round(each[0], 1), round(each[1], 1))]
