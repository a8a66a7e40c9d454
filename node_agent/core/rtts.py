"""How far the clients are: the latest round trips of each network, in the order in which they changed.

Every change has a number. A reader keeps the number of the last change that it was handed and asks for those after
it, so nothing is remembered of readers and as many may read as like.
"""

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import takewhile

from node_agent.core.networks import Network
from node_agent.core.units import Instant, Millis

LATEST = 5
"""Round trips kept per network: a path that changed is seen in three, one wild sample is not."""

MOST_NETWORKS = 4096
"""Kept at once, each way of coming counted: 3 MB."""


class Via(StrEnum):
    """What a connection came for, as a closed set of metric labels."""

    SERVED = "served"
    PROBE = "probe"
    """To be measured, with a ticket."""


@dataclass(frozen=True, slots=True)
class Hop:
    """A connection whose other end is the client itself."""

    network: Network
    rtt: Millis | None
    """Of its handshake; None if that cannot be told, or not any more."""


@dataclass(frozen=True, slots=True)
class Rtt:
    """What is known of one network that came one way."""

    network: Network
    via: Via
    latest: tuple[Millis, ...]
    last: Instant
    """When the latest of them was measured."""
    change: int

    @property
    def median(self) -> Millis:
        """Of two in the middle the lower one: noise only ever adds to a round trip.

        >>> Rtt(Network("192.0.2.0/24"), Via.SERVED, (Millis(9.0), Millis(30.0)), Instant(0.0), 1).median
        9.0
        """
        return sorted(self.latest)[(len(self.latest) - 1) // 2]


@dataclass(frozen=True, slots=True)
class News:
    """What a reader is handed, and the cursor to ask with next. By default: one who does not ask for any."""

    rtts: tuple[Rtt, ...] = ()
    upto: int = 0


class Rtts:
    """The table. Changes are numbered from *start*; at most *most* are kept, those changed longest ago go first."""

    def __init__(self, start: int = 0, most: int = MOST_NETWORKS) -> None:
        self._upto = start
        self._most = most
        self._kept: OrderedDict[tuple[Network, Via], Rtt] = OrderedDict()

    def __iter__(self) -> Iterator[Rtt]:
        return iter(self._kept.values())

    def note(self, network: Network, via: Via, rtt: Millis, now: Instant) -> None:
        """Take in one round trip, measured *now*."""
        self._upto += 1
        before = self._kept.pop((network, via), None)
        latest = (*before.latest, rtt)[-LATEST:] if before else (rtt,)
        self._kept[network, via] = Rtt(network, via, latest, now, self._upto)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def since(self, cursor: int, most: int) -> News:
        """What changed after *cursor*, oldest change first, at most *most*; a *cursor* never given counts as 0.

        Costs as much as there is to tell: nothing new, nothing looked at.
        """
        known = cursor if cursor <= self._upto else 0
        newest_first = takewhile(lambda rtt: rtt.change > known, reversed(self._kept.values()))
        rtts = tuple(reversed(deque(newest_first, maxlen=most)))
        return News(rtts, rtts[-1].change if rtts else self._upto)
