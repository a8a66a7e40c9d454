"""What becomes of a ticket, and the memory that lets each network count once a minute."""

from enum import StrEnum

from node_agent.core.networks import Network

MOST_COUNTED = 4096
"""Networks remembered in one slot; if ever more come, the memory begins anew."""


class Fate(StrEnum):
    """What becomes of a ticket, as a closed set of metric labels."""

    COUNTED = "counted"
    REPLAYED = "replayed"
    """Its network was counted in this slot already."""
    UNMEASURED = "unmeasured"
    """The connection came through a proxy, was used before, or the kernel does not say."""
    UNPROVEN = "unproven"
    """Forged, expired, or given to another network or for another region."""
    NO_KEY = "no_key"
    """The node has none to check it with."""


class Once:
    """Which networks were counted in the present slot."""

    def __init__(self, most: int = MOST_COUNTED) -> None:
        self._most = most
        self._slot = 0
        self._counted: set[Network] = set()

    def is_first(self, network: Network, slot: int) -> bool:
        """Whether *network* was not counted in *slot* yet; from now on it was.

        >>> once = Once()
        >>> [once.is_first(Network("192.0.2.0/24"), slot) for slot in (7, 7, 8)]
        [True, False, True]
        """
        if slot != self._slot or len(self._counted) >= self._most:
            self._slot, self._counted = slot, set()
        if network in self._counted:
            return False
        self._counted.add(network)
        return True
