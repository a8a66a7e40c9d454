"""Whose connection it is: the network around an address. Nothing finer is ever remembered."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NewType

Network = NewType("Network", str)
"""A /24 (IPv4) or /48 (IPv6), spelt as the router spells it: tickets prove the spelling."""

GRAIN = {4: 24, 6: 48}
"""Prefix length by IP version: what one household or office is given."""


def network_of(peer: str) -> Network | None:
    """The network around the address *peer*; None if it is no address, as on a unix socket.

    >>> network_of("203.0.113.77"), network_of("2001:db8:7:8::9"), network_of("::ffff:192.0.2.1"), network_of("")
    ('203.0.113.0/24', '2001:db8:7::/48', '192.0.2.0/24', None)
    """
    address = _address(peer)
    if address is None:
        return None
    grain = GRAIN[address.version]
    host = address.max_prefixlen - grain
    return Network(f"{type(address)(int(address) >> host << host)}/{grain}")


def is_loopback(peer: str) -> bool:
    """Whether *peer* is an address of this machine that no other one can have.

    >>> is_loopback("127.9.9.9"), is_loopback("::ffff:127.0.0.1"), is_loopback("192.0.2.1"), is_loopback("")
    (True, True, False, False)
    """
    address = _address(peer)
    return address is not None and address.is_loopback


def _address(peer: str) -> IPv4Address | IPv6Address | None:
    """An IPv4 address in IPv6's clothes is undressed."""
    try:
        found = ip_address(peer)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
