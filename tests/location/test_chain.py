"""Who is where, in the order of who is believed."""

from ipaddress import ip_network

import pytest

from autorouter.core.names import Country, Network
from autorouter.core.networks import KnownNetwork
from autorouter.core.place import Coordinates
from autorouter.core.query import Access
from autorouter.location.chain import Locator
from autorouter.location.databases import Databases
from autorouter.location.records import Found
from tests.places import cities, nested, systems
from tests.scenes import LONDON, TORONTO

PROXY = "10.0.0.1"


@pytest.fixture
def databases(tmp_path):
    return Databases(cities(tmp_path / "city.mmdb"), systems(tmp_path / "asn.mmdb"))


@pytest.fixture
def locator(databases):
    networks = [
        KnownNetwork(ip_network("203.0.113.0/28"), TORONTO, Country("CA"), 64512, Access.MOBILE),
        KnownNetwork(ip_network("198.18.0.0/15"), country=Country("NO")),
    ]
    return Locator(networks, [ip_network("10.0.0.0/8")], databases)


def test_what_the_client_says_comes_first_and_no_border_is_known_of_it(locator):
    client = locator.locate(PROXY, "203.0.113.1", Coordinates(1.0, 2.0))
    assert (client.at, client.country, client.source) == (Coordinates(1.0, 2.0), None, "query")


def test_a_network_that_the_operator_names_comes_before_the_database(locator):
    client = locator.locate(PROXY, "203.0.113.1")
    assert (client.at, client.country, client.asn, client.access) == (TORONTO, "CA", 64512, Access.MOBILE)
    assert client.source == "networks"


def test_the_database_knows_the_rest(locator):
    client = locator.locate(PROXY, "203.0.113.20")
    assert (client.at, client.country, client.radius, client.source) == (
        Coordinates(49.25, -123.1),
        "CA",
        20,
        "geoip-city",
    )


def test_a_network_named_without_a_place_has_the_databases_unless_they_contradict(locator, databases):
    client = locator.locate(PROXY, "198.18.0.9")
    assert (client.at, client.country, client.source) == (None, "NO", "unknown")
    lte = Locator([KnownNetwork(ip_network("203.0.113.0/24"), access=Access.MOBILE)], [], databases)
    client = lte.locate("203.0.113.20", "")
    assert (client.at, client.country, client.access) == (Coordinates(49.25, -123.1), "CA", Access.MOBILE)
    abroad = Locator([KnownNetwork(ip_network("203.0.113.0/24"), country=Country("NO"))], [], databases)
    client = abroad.locate("203.0.113.20", "")
    assert (client.at, client.country) == (None, "NO")


def test_the_middle_of_a_country_is_not_a_place(locator):
    client = locator.locate(PROXY, "192.0.2.200")
    assert (client.at, client.country, client.source) == (None, "US", "unknown")


@pytest.mark.parametrize(("peer", "forwarded"), [(PROXY, "8.8.8.8"), (None, ""), ("not an address", "")])
def test_nobody_knows_is_an_answer(locator, peer, forwarded):
    client = locator.locate(peer, forwarded)
    assert (client.at, client.source) == (None, "unknown")


def test_without_a_database_there_is_only_what_the_operator_says():
    assert Locator([], []).locate("203.0.113.20", "").source == "unknown"


def test_the_system_of_an_address_is_known_and_tells_how_it_is_attached(locator):
    fixed, mobile, satellite = (locator.locate(PROXY, who) for who in ("203.0.113.20", "198.51.100.1", "192.0.2.1"))
    assert (fixed.asn, fixed.access) == (64500, Access.FIXED)
    assert (mobile.asn, mobile.access) == (21928, Access.MOBILE)
    assert (satellite.asn, satellite.access) == (14593, Access.SATELLITE)


def test_the_operator_knows_systems_and_access_better(databases):
    known = [
        KnownNetwork(ip_network("198.51.100.0/25"), access=Access.WIFI),
        KnownNetwork(ip_network("203.0.113.0/24"), TORONTO, asn=21928),
    ]
    locator = Locator(known, [], databases)
    wifi, mobile = locator.locate("198.51.100.1", ""), locator.locate("203.0.113.1", "")
    assert (wifi.asn, wifi.access, wifi.source) == (21928, Access.WIFI, "geoip-city")
    assert (mobile.asn, mobile.access, mobile.source) == (21928, Access.MOBILE, "networks")


def test_who_says_where_it_is_still_comes_from_somewhere(locator):
    client = locator.locate(PROXY, "192.0.2.1", TORONTO)
    assert (client.at, client.source, client.network) == (TORONTO, "query", "192.0.2.0/24")
    assert (client.asn, client.access, client.country) == (14593, Access.SATELLITE, None)
    assert locator.locate(None, "", TORONTO).at == TORONTO


def test_private_addresses_are_not_looked_up(tmp_path):
    everywhere = {"0.0.0.0/1": nested("US", 40.71, -74.01)}
    locator = Locator([], [], Databases(cities(tmp_path / "city.mmdb", everywhere), systems(tmp_path / "asn.mmdb")))
    assert locator.locate("10.1.2.3", "").source == locator.locate("127.0.0.1", "").source == "unknown"
    assert locator.locate("11.1.2.3", "").source == "geoip-city"


def test_an_ipv4_address_in_ipv6s_clothes_is_the_ipv4_address(locator):
    assert locator.locate("::ffff:203.0.113.20", "").at == locator.locate("203.0.113.20", "").at is not None


def test_a_private_network_that_the_operator_names_is_looked_up_and_may_be_measured():
    class Everywhere:
        def find(self, _address):
            return Found(LONDON, None, Country("GB"))

        def asn(self, _address):
            return 64512

    named = Locator([KnownNetwork(ip_network("10.77.1.0/24"))], (), Everywhere())
    found, other = named.locate("10.77.1.9", ""), named.locate("10.77.2.9", "")
    assert (found.named, found.at, found.source, found.asn) == (True, LONDON, "geoip-city", 64512)
    assert (other.named, other.at, other.source) == (False, None, "unknown")
    assert named.locate_network(Network("10.77.1.0/24")) == found
    assert named.locate_network(Network("nonsense")).at is None


def test_an_office_does_not_speak_for_the_whole_network_around_it(locator):
    assert locator.locate(PROXY, "203.0.113.1").source == "networks"
    client = locator.locate_network(Network("203.0.113.0/24"))
    assert (client.at, client.source, client.named) == (Coordinates(49.25, -123.1), "geoip-city", False)


@pytest.mark.parametrize("length", [8, 24])
def test_an_entry_speaks_for_every_network_that_it_holds(databases, length):
    known = KnownNetwork(ip_network(f"203.0.113.0/{length}", strict=False), TORONTO, Country("CA"))
    client = Locator([known], [], databases).locate_network(Network("203.0.113.0/24"))
    assert (client.at, client.source, client.named) == (TORONTO, "networks", True)
