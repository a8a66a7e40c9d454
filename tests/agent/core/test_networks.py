"""A network is spelt as the router spells it, or no ticket would prove."""

import pytest

from autorouter.core import address
from node_agent.core.networks import is_loopback, network_of

PEERS = [
    "203.0.113.77",
    "0.0.0.0",
    "127.5.6.7",
    "255.255.255.255",
    "2001:db8:7:8::9",
    "2001:0DB8:0:0:1::",
    "::1",
    "::",
    "fe80::1%eth0",
    "::ffff:192.0.2.1",
    "64:ff9b::192.0.2.1",
]


@pytest.mark.parametrize("peer", PEERS)
def test_both_sides_name_it_alike(peer):
    assert network_of(peer) == address.network_of(address.parse(peer))


@pytest.mark.parametrize("peer", ["", "unknown", "/run/node.sock", "203.0.113.77:80"])
def test_what_is_no_address_is_in_no_network(peer):
    assert network_of(peer) is None
    assert not is_loopback(peer)


@pytest.mark.parametrize("peer", ["::1", "127.0.0.1", "::ffff:127.1.2.3"])
def test_loopback_is_known_in_all_its_clothes(peer):
    assert is_loopback(peer)
