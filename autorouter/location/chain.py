"""The order in which sources are asked where a client is. The first that knows is believed."""

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Protocol

from autorouter.core.address import Address, Block, asker, is_private, network_of
from autorouter.core.address import block as find_block
from autorouter.core.names import Network
from autorouter.core.networks import KnownNetwork, KnownNetworks
from autorouter.core.place import Coordinates
from autorouter.core.query import Client
from autorouter.location.access import access_of
from autorouter.location.records import Found


class Geography(Protocol):
    """Databases of places and autonomous systems."""

    def find(self, address: Address) -> Found:
        """Where they say *address* is."""
        ...

    def asn(self, address: Address) -> int | None:
        """The autonomous system that they say announces *address*."""
        ...


class Nowhere:
    """The geography of private addresses, and of a router without databases."""

    def find(self, _address: Address) -> Found:
        """Nothing."""
        return NOTHING_FOUND

    def asn(self, _address: Address) -> None:
        """None."""


NOWHERE = Nowhere()
NOTHING_FOUND = Found(None, None, None)
NOTHING_KNOWN = KnownNetwork(ip_network("0.0.0.0/0"))


class Locator:
    """Turns a peer and what its proxies say into a client, of whose address nothing is kept."""

    def __init__(
        self, networks: Sequence[KnownNetwork], trusted: Sequence[Block], geography: Geography = NOWHERE
    ) -> None:
        self._known = KnownNetworks(networks)
        self._trusted = tuple(trusted)
        self._geography = geography

    def locate(self, peer: str | None, forwarded: str, said: Coordinates | None = None) -> Client:
        """The client behind *peer*; *said* is where it says it is, for this answer only."""
        address = self.address(peer, forwarded)
        if address is None:
            return Client(at=said, source="unknown" if said is None else "query")
        return self._locate(address, said, self._known.find(address))

    def address(self, peer: str | None, forwarded: str) -> Address | None:
        """The client's address, as far as trusted proxies vouch for it."""
        return asker(peer, forwarded, self._trusted)

    def locate_network(self, network: Network) -> Client:
        """What is known of the clients of *network*, all of them.

        An office of /28 does not speak for the /24 around it; a database has to be asked of some address, the first.
        """
        block = find_block(network)
        if block is None:
            return Client(network)
        return self._locate(block.network_address, None, self._known.find(block.network_address, block.prefixlen))

    def _locate(self, address: Address, said: Coordinates | None, known: KnownNetwork | None) -> Client:
        network = network_of(address)
        known = known or NOTHING_KNOWN
        named = known is not NOTHING_KNOWN
        geography = self._geography if named or not is_private(address) else NOWHERE
        asn = known.asn if known.asn is not None else geography.asn(address)
        access = known.access or access_of(asn)
        if said is not None:
            return Client(network, said, asn=asn, access=access, source="query", named=named)
        if known.at is not None:
            return Client(network, known.at, None, known.country, asn, access, "networks", named)
        found = geography.find(address)
        if known.country not in (None, found.country):
            found = NOTHING_FOUND
        source = "geoip-city" if found.at else "unknown"
        return Client(network, found.at, found.radius, known.country or found.country, asn, access, source, named)
