"""Who is where, in the order of who is believed."""

from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from autorouter.core.names import Country
from autorouter.core.networks import KnownNetwork
from autorouter.core.place import Coordinates
from autorouter.core.query import Access
from autorouter.location.chain import Locator
from autorouter.location.maxmind import MaxMind, UnreadableDatabaseError
from deploy.demo.places import PLACES, write
from tests.scenes import TORONTO

SHIPPED = Path(__file__).parents[2] / "deploy/demo/places.mmdb"
PROXY = "10.0.0.1"


@pytest.fixture
def locator():
    networks = [
        KnownNetwork(ip_network("203.0.113.0/28"), TORONTO, Country("CA"), 64512, Access.MOBILE),
        KnownNetwork(ip_network("198.18.0.0/15"), country=Country("NO")),
    ]
    database = MaxMind(SHIPPED)
    yield Locator(networks, [ip_network("10.0.0.0/8")], database)
    database.close()


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


def test_a_network_named_without_a_place_has_the_databases_unless_they_contradict(locator):
    client = locator.locate(PROXY, "198.18.0.9")
    assert (client.at, client.country, client.source) == (None, "NO", "unknown")
    lte = Locator([KnownNetwork(ip_network("203.0.113.0/24"), access=Access.MOBILE)], [], MaxMind(SHIPPED))
    client = lte.locate("203.0.113.20", "")
    assert (client.at, client.country, client.access) == (Coordinates(49.25, -123.1), "CA", Access.MOBILE)
    abroad = Locator([KnownNetwork(ip_network("203.0.113.0/24"), country=Country("NO"))], [], MaxMind(SHIPPED))
    client = abroad.locate("203.0.113.20", "")
    assert (client.at, client.country) == (None, "NO")


@pytest.mark.parametrize(
    "location",
    [
        {"latitude": "north", "longitude": 1.0},
        {"latitude": 4000.0, "longitude": 1.0},
        {"latitude": float("nan"), "longitude": 1.0},
        {"latitude": 1.0, "longitude": 1.0, "accuracy_radius": "wide"},
    ],
)
def test_a_place_that_is_none_is_unknown(tmp_path, location):
    writer = MMDBWriter(ip_version=4, database_type="GeoLite2-City")
    writer.insert_network(IPSet(["203.0.113.0/24"]), {"country": {"iso_code": "CA"}, "location": location})
    writer.to_db_file(str(tmp_path / "odd.mmdb"))
    database = MaxMind(tmp_path / "odd.mmdb")
    assert database.find(ip_address("203.0.113.1")) is None
    assert database.find(ip_address("2001:db8::1")) is None, "an IPv6 address in an IPv4 database"
    database.close()


def test_the_middle_of_a_country_is_not_a_place(locator):
    client = locator.locate(PROXY, "192.0.2.200")
    assert (client.at, client.country, client.source) == (None, "US", "unknown")


@pytest.mark.parametrize(("peer", "forwarded"), [(PROXY, "8.8.8.8"), (None, ""), ("not an address", "")])
def test_nobody_knows_is_an_answer(locator, peer, forwarded):
    client = locator.locate(peer, forwarded)
    assert (client.at, client.source) == (None, "unknown")


def test_without_a_database_there_is_only_what_the_operator_says():
    assert Locator([], []).locate("203.0.113.20", "").source == "unknown"


def test_the_shipped_database_is_the_one_that_its_maker_makes(tmp_path):
    write(tmp_path / "made.mmdb")
    made, shipped = MaxMind(tmp_path / "made.mmdb"), MaxMind(SHIPPED)
    for network in PLACES:
        address = ip_network(network)[5]
        assert made.find(address) == shipped.find(address) is not None
    made.close()
    shipped.close()


@pytest.mark.parametrize("broken", [b"", b"not a database", b"\0" * 4096])
def test_a_file_that_is_no_database_is_named(tmp_path, broken):
    path = tmp_path / "x.mmdb"
    path.write_bytes(broken)
    with pytest.raises(UnreadableDatabaseError, match=r"x\.mmdb"):
        MaxMind(path)


def test_a_database_of_another_kind_is_named(tmp_path):
    path = tmp_path / "asn.mmdb"
    MMDBWriter(database_type="GeoLite2-ASN").to_db_file(str(path))
    with pytest.raises(UnreadableDatabaseError, match="GeoLite2-ASN"):
        MaxMind(path)


def test_a_corrupt_record_is_an_unknown_place_not_a_crash(tmp_path):
    good = SHIPPED.read_bytes()
    address = ip_network("203.0.113.0/26")[5]
    for at in range(0, len(good), 37):
        path = tmp_path / "bent.mmdb"
        path.write_bytes(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
        try:
            database = MaxMind(path)
        except UnreadableDatabaseError:
            continue
        database.find(address)
        database.close()
