"""Networks that the operator knows better than any database: offices, VPNs, test worlds, loopback."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from autorouter.core.address import Address, Block
from autorouter.core.names import Country
from autorouter.core.place import Coordinates
from autorouter.core.query import Access

BLOCK_OF: Mapping[int, type[IPv4Network] | type[IPv6Network]] = {4: IPv4Network, 6: IPv6Network}


@dataclass(frozen=True, slots=True)
class KnownNetwork:
    """One entry of ``networks:`` in regions.yaml."""

    block: Block
    at: Coordinates | None = None
    country: Country | None = None
    asn: int | None = None
    access: Access | None = None
    """None: what its autonomous system is known for."""


class KnownNetworks:
    """Looks an address up; the longest prefix wins. As many steps as there are different prefix lengths."""

    def __init__(self, networks: Iterable[KnownNetwork]) -> None:
        self._by_block: Mapping[Block, KnownNetwork] = {each.block: each for each in networks}
        self._masks = sorted(
            {(block.version, block.prefixlen, int(block.netmask)) for block in self._by_block}, reverse=True
        )

    def find(self, address: Address, narrowest: int = 128) -> KnownNetwork | None:
        """The known network around *address* that is the narrowest, of prefixes up to *narrowest* long, or None."""
        for version, length, mask in self._masks:
            if version == address.version and length <= narrowest:
                around = BLOCK_OF[version]((int(address) & mask, length))
                if (found := self._by_block.get(around)) is not None:
                    return found
        return None
