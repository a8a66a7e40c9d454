"""Whose word counts about who asks."""

from ipaddress import ip_address, ip_network

import pytest

from autorouter.core.address import LONGEST, asker, is_private, network_of
from autorouter.core.names import Country
from autorouter.core.networks import KnownNetwork, KnownNetworks

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("203.0.113.9", "", "203.0.113.9"),
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),  # not a proxy of ours: it speaks for itself
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),  # what stands left of it is hearsay
        ("10.0.0.1", "1.1.1.1, 198.51.100.1, 10.0.0.2", "198.51.100.1"),
        ("10.0.0.1", "10.9.9.9, 10.0.0.2", "10.9.9.9"),
        ("10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        ("10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7"),
        ("10.0.0.1", "2001:db8::7", "2001:db8::7"),
        ("10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("::ffff:10.0.0.1", "198.51.100.1", "198.51.100.1"),
        ("fd00::1", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.1", "unknown", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1, garbage", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.1,,", "198.51.100.1"),
        ("10.0.0.1", ",".join(["198.51.100.1", *["10.0.0.2"] * 9]), "10.0.0.2"),  # too many hops
        ("10.0.0.1", "198.51.100.1," + " " * LONGEST, "10.0.0.1"),
        ("10.0.0.1", "0x7f.1", "10.0.0.1"),
        ("10.0.0.1", "2130706433", "10.0.0.1"),
        (None, "198.51.100.1", None),
    ],
)
def test_the_asker_is_the_last_that_a_trusted_proxy_vouches_for(peer, forwarded, found):
    assert asker(peer, forwarded, TRUSTED) == (ip_address(found) if found else None)


def test_a_client_is_remembered_no_finer_than_its_network():
    assert network_of(ip_address("203.0.113.77")) == "203.0.113.0/24"
    assert network_of(ip_address("2001:db8:7:8::9")) == "2001:db8:7::/48"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",
     "fe80::1", "fd00::1", "224.0.0.1", "255.255.255.255", "64:ff9b::7f00:1"],
)  # fmt: skip
def test_private_addresses_are_known_as_such(address):
    assert is_private(ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "2001:db8::1", "100.128.0.1"])
def test_public_addresses_are_not_private(address):
    assert not is_private(ip_address(address))


def test_the_narrowest_known_network_wins():
    def known(cidr, country):
        return KnownNetwork(ip_network(cidr), country=Country(country))

    networks = KnownNetworks([known("10.0.0.0/8", "CA"), known("10.1.0.0/16", "US"), known("fd00::/8", "NO")])
    assert networks.find(ip_address("10.1.2.3")).country == "US"
    assert networks.find(ip_address("10.2.2.3")).country == "CA"
    assert networks.find(ip_address("fd12::1")).country == "NO"
    assert networks.find(ip_address("11.0.0.1")) is None
