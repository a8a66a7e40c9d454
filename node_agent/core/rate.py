"""How often somebody may do something: a bucket that leaks, with the time as an argument."""

from collections import OrderedDict
from dataclasses import dataclass

from node_agent.core.units import Instant, Seconds, between

MINUTE = 60.0

BEGINNING = Instant(0.0)

MOST_REMEMBERED = 4096
"""Names or networks; those not seen for longest are forgotten, and start anew."""


@dataclass(frozen=True, slots=True)
class Bucket:
    """What somebody has used up of a rate, in requests. It leaks as fast as the rate allows, and holds a minute.

    So a minute's requests may come at once, and in any stretch of time those of one minute more than it is long.
    """

    used: float = 0.0
    at: Instant = BEGINNING

    def wait(self, rate: float, now: Instant) -> Seconds:
        """How long until there is room for one more, at *rate* requests a minute; 0: there is.

        >>> Bucket().take(1.0, Instant(0.0)).wait(1.0, Instant(45.0))
        15.0
        """
        over = self._left(rate, now) + 1.0 - max(1.0, rate)
        return Seconds(max(0.0, over) * MINUTE / rate)

    def take(self, rate: float, now: Instant) -> "Bucket":
        """With one more in it."""
        return Bucket(self._left(rate, now) + 1.0, now)

    def _left(self, rate: float, now: Instant) -> float:
        return max(0.0, self.used - between(self.at, now) * rate / MINUTE)


EMPTY = Bucket()


class Buckets:
    """One for each name."""

    def __init__(self, most: int = MOST_REMEMBERED) -> None:
        self._most = most
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def wait(self, name: str, rate: float, now: Instant) -> Seconds:
        """How long *name* has to wait; nothing is taken."""
        return self._buckets.get(name, EMPTY).wait(rate, now)

    def take(self, name: str, rate: float, now: Instant) -> Seconds:
        """Take one for *name* if there is room, and return 0; else how long it has to wait."""
        bucket = self._buckets.pop(name, EMPTY)
        wait = bucket.wait(rate, now)
        self._buckets[name] = bucket if wait else bucket.take(rate, now)
        if len(self._buckets) > self._most:
            self._buckets.popitem(last=False)
        return wait
