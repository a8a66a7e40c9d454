"""Which address asks, and the network it belongs to.

What proxies say is believed only of proxies that are trusted, and counted from the right: each trusted hop vouches
for the one it heard from, and nobody vouches for the rest.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from autorouter.core.names import Network

Address = IPv4Address | IPv6Address
Block = IPv4Network | IPv6Network

MOST_HOPS = 8
"""Proxies walked through at most; a longer chain is somebody's forgery."""

LONGEST = 512
"""Characters of a forwarding header that are read, from the right."""

GRAIN = {4: 24, 6: 48}
"""Prefix length by IP version at which clients are told apart: what one household or office is given."""


def parse(text: str) -> Address | None:
    """The address that *text* names, with or without a port; None if it names none.

    >>> str(parse("[2001:db8::1]:443")), str(parse("::ffff:192.0.2.1")), parse("unknown")
    ('2001:db8::1', '192.0.2.1', None)
    """
    bare = text.strip()
    if bare.startswith("["):
        bare = bare[1:].partition("]")[0]
    elif bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ip_address(bare.partition("%")[0])
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found


def block(cidr: str) -> Block | None:
    """The network that *cidr* names; None if it names none, or says more than its length.

    An IPv4 network in IPv6's clothes names none: addresses are undressed before they are looked up.

    >>> block("203.0.113.0/24"), block("203.0.113.1/24"), block("::ffff:10.0.0.0/104")
    (IPv4Network('203.0.113.0/24'), None, None)
    """
    try:
        found = ip_network(cidr)
    except ValueError:
        return None
    mapped = isinstance(found, IPv6Network) and found.network_address.ipv4_mapped is not None
    return None if mapped else found


def asker(peer: str | None, forwarded: str, trusted: Sequence[Block]) -> Address | None:
    """The client behind *peer*, whose ``X-Forwarded-For`` says *forwarded*.

    Where a trusted proxy says something unreadable, that proxy itself is taken for the client: it is the last that
    anybody vouched for.
    """
    here = parse(peer) if peer else None
    for hop in reversed(_hops(forwarded)):
        if here is None or not within(here, trusted):
            break
        named = parse(hop)
        if named is None:
            break
        here = named
    return here


def _hops(forwarded: str) -> list[str]:
    """The last `MOST_HOPS` entries; what `LONGEST` cuts in two is dropped."""
    if len(forwarded) > LONGEST:
        forwarded = forwarded[-LONGEST:].partition(",")[2]
    return [hop for hop in forwarded.split(",") if hop.strip()][-MOST_HOPS:]


def within(address: Address, blocks: Sequence[Block]) -> bool:
    """Whether *address* is in one of *blocks*."""
    return any(address in block for block in blocks)


def network_of(address: Address) -> Network:
    """The /24 or /48 around *address*: all that is ever remembered of it.

    >>> network_of(ip_address("203.0.113.77")), network_of(ip_address("2001:db8:7:8::9"))
    ('203.0.113.0/24', '2001:db8:7::/48')
    """
    return Network(str(ip_network(f"{address}/{GRAIN[address.version]}", strict=False)))


PRIVATE_TO_US = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8", "64:ff9b::/96",
    )
)  # fmt: skip
"""Where a probe must not be lured: loopback, private, link-local (cloud metadata), shared, multicast, reserved."""


def is_private(address: Address) -> bool:
    """Whether *address* is one that only an operator's explicit word makes a fair target for a probe."""
    return within(address, PRIVATE_TO_US)
