"""The order in which sources are asked where a client is. The first that knows is believed."""

from collections.abc import Sequence
from ipaddress import ip_network
from typing import Protocol

from autorouter.core.address import Address, Block, asker, network_of
from autorouter.core.names import Country
from autorouter.core.networks import KnownNetwork, KnownNetworks
from autorouter.core.place import Coordinates
from autorouter.core.query import Client
from autorouter.location.maxmind import Found


class Geography(Protocol):
    """A database of places."""

    def find(self, address: Address) -> Found | None:
        """What it says of *address*."""
        ...


class Locator:
    """Turns a peer and what its proxies say into a client. The full address ends here."""

    def __init__(
        self, networks: Sequence[KnownNetwork], trusted: Sequence[Block], geography: Geography | None = None
    ) -> None:
        self._known = KnownNetworks(networks)
        self._trusted = tuple(trusted)
        self._geography = geography

    def locate(self, peer: str | None, forwarded: str, said: Coordinates | None = None) -> Client:
        """The client behind *peer*; *said* is where it says it is, for this answer only."""
        address = asker(peer, forwarded, self._trusted)
        network = network_of(address) if address is not None else None
        if said is not None:
            return Client(network, said, source="query")
        if address is None:
            return Client()
        known = self._known.find(address) or NOTHING_KNOWN
        if known.at is not None:
            return Client(network, known.at, None, known.country, known.asn, known.access, "networks")
        found = self._find(address, known.country)
        source = "geoip-city" if found.at else "unknown"
        return Client(
            network, found.at, found.radius, known.country or found.country, known.asn, known.access, source
        )

    def _find(self, address: Address, country: Country | None) -> Found:
        """What the database says; nothing where it contradicts the *country* that the operator names."""
        found = self._geography.find(address) if self._geography else None
        return NOTHING_FOUND if found is None or country not in (None, found.country) else found


NOTHING_KNOWN = KnownNetwork(ip_network("0.0.0.0/0"))
NOTHING_FOUND = Found(None, None, None)
