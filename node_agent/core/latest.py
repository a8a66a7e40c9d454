"""The latest measurements of something, and how they are spread."""

from collections import deque
from math import ceil

KEPT = 512
"""So many tell a 99th percentile from a handful of values; they are 4 KB."""


class Latest:
    """A ring of the latest `KEPT`."""

    def __init__(self) -> None:
        self._values: deque[float] = deque(maxlen=KEPT)

    def note(self, value: float) -> None:
        """Take one in."""
        self._values.append(value)

    def __len__(self) -> int:
        return len(self._values)

    def quantiles(self, *shares: float) -> tuple[float, ...]:
        """The least value that each of *shares* of them do not exceed; nothing while there are none.

        >>> latest = Latest()
        >>> for value in range(1, 11): latest.note(value)
        >>> latest.quantiles(0.5, 0.9, 0.99)
        (5, 9, 10)
        """
        ordered = sorted(self._values)
        return tuple(ordered[ceil(share * len(ordered)) - 1] for share in shares) if ordered else ()
