"""Who measured a round trip, how noisy that is, and how far it is believed. To add a source: a line in `SOURCES`."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Source:
    """A way of measuring."""

    rank: int
    """What a higher rank measured replaces what a lower one did, and is not replaced by it while it is fresh."""
    noise: float
    """Multiple of the noise that one handshake has."""
    most: int
    """Samples that count at most: the noise does not get smaller by repeating them."""
    teaches_regions: bool
    """Whether other clients' rankings may learn from it."""
    says: str


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "served": Source(2, 1.0, 5, True, "the node's kernel, on connections that it served"),  # noqa: FBT003
        "probe": Source(2, 1.0, 5, True, "the node's kernel, on a connection that a ticket sent"),  # noqa: FBT003
        "reported": Source(1, 4.0, 1, False, "the client itself"),  # noqa: FBT003
    }
)
"""A handshake can be made slower by its client, never faster than the path. What a client reports can be anything,
so it sharpens that client's own estimate a little, the pool of its provider by one voice of many, and nobody's
ranking."""
