"""How long to wait before trying again."""

from node_agent.core.units import Seconds

FIRST = Seconds(0.2)
LONGEST = Seconds(10.0)
"""A node that comes back is worth a try every ten seconds; more often only heats a broken machine."""


def pause(failures: int) -> Seconds:
    """The wait after *failures* in a row: doubles from 0.2 s to 10 s; nothing after none.

    >>> [pause(n) for n in (0, 1, 2, 3, 50)]
    [0.0, 0.2, 0.4, 0.8, 10.0]
    """
    if failures <= 0:
        return Seconds(0.0)
    return Seconds(min(LONGEST, FIRST * 2.0 ** min(failures - 1, 16)))
