"""Who measured a round trip, how noisy that is, and how far it is believed. To add a source: a line in `SOURCES`."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType

from autorouter.core.units import Seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A way of measuring. What is not said is so of a node's kernel."""

    rank: int = 2
    """What a higher rank measured replaces what a lower one did, and is never replaced by it: drift widens what is
    old, and a probe renews it."""
    trusted: bool = True
    """Whether it cannot be made up: then others learn of regions from it, and no guess overrules it."""
    noise: float = 1.0
    """Multiple of the noise that one handshake has."""
    least: float = 0.0
    """Noise of z, at the least. Were it in milliseconds alone, a lie would be the surer the bigger it is."""
    most: int = 5
    """Samples that count at most: the noise does not get smaller by repeating them."""
    kept: int = 5
    """Samples remembered per path. For the estimate three would do; with three, two regions that are nearly as near
    would swap clients whenever two samples of three are slow."""
    every: Seconds = Seconds(0.0)
    """One sample per path and this long is heard, and no more."""
    heeded: float = inf
    """What it may differ from what was foreseen, in z; what differs more is taken for this."""


SOURCES: Mapping[str, Source] = MappingProxyType(
    {
        "served": Source(),
        "probe": Source(),
        "reported": Source(
            rank=1, trusted=False, noise=4.0, least=0.5, most=1, kept=15, every=Seconds(60.0), heeded=0.7
        ),
    }
)
"""``served`` and ``probe`` are handshakes that a node's kernel timed, on connections that it served or that a ticket
sent. They can be made slower by their client, never faster than the path.

What a client reports can be anything. So it moves what is believed of its own network by a factor of two at most, and
leaves it so unsure that the region stays worth measuring; others learn from it one voice in the median of their pool,
and nothing about regions. With three lies among ten reports the median of fifteen is off by 3 to 5 %, and is itself a
lie in one window of twenty; of five, in one of six."""
