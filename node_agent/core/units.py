"""Units as types, so that a number cannot be mistaken for another one."""

from typing import NewType

Seconds = NewType("Seconds", float)
"""A length of time."""

Millis = NewType("Millis", float)
"""A length of time, as it is reported."""

Instant = NewType("Instant", float)
"""A moment on this process's monotonic clock, in seconds. It means nothing in another process."""


def between(earlier: Instant, later: Instant) -> Seconds:
    """How long it is from *earlier* to *later*.

    >>> between(Instant(10.0), Instant(12.5))
    2.5
    """
    return Seconds(later - earlier)


def millis(length: Seconds) -> Millis:
    """*length* as milliseconds.

    >>> millis(Seconds(0.25))
    250.0
    """
    return Millis(length * 1000.0)
