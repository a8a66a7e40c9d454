"""Which regions tell what their clients' probes measured, and which never do.

Behind a proxy, or where TLS ends elsewhere, a node cannot see how far a client is, and is silent about it. Asking
clients to ping it would cost each of them a connection, for nothing, with every answer.
"""

from autorouter.core.names import RegionName

PATIENCE = 50
"""Probes that are asked for before a region that tells of none counts as deaf: clients need not follow a request …"""

SELDOM = 64
"""… and one in so many thereafter, for it may learn to hear."""


class Ears:
    """Counts what was asked for in vain."""

    def __init__(self) -> None:
        self._in_vain: dict[RegionName, int] = {}

    def ask(self, region: RegionName) -> bool:
        """Whether a client should be asked to ping *region*; counted as asked."""
        asked = self._in_vain[region] = self._in_vain.get(region, 0) + 1
        return asked <= PATIENCE or asked % SELDOM == 0

    def told(self, region: RegionName) -> None:
        """A probe of *region* was measured."""
        self._in_vain[region] = 0
