"""The law of distance: how long a round trip over so many kilometres typically takes, and how far off that is.

Fitted on real round trips (a mesh of 246 hosts, checked on 312 volunteers' lines to 20 cloud regions); real paths
run 1.8 to 4 times over what light in straight fibre would need, so physics alone is no estimate. Work is done in
``z = ln(rtt + SHIFT)``, where errors are close to normal at every distance.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from math import exp, hypot, log, log1p

from autorouter.core.units import Kilometres, Millis

SHIFT = Millis(4.0)
"""Added before the logarithm, so that the first milliseconds do not count as multiples of each other."""

Knots = Sequence[tuple[float, float]]

TYPICAL: Knots = (
    (0, 1.5), (50, 3), (100, 8), (200, 11), (300, 14), (500, 19), (700, 24), (1000, 32), (1500, 41), (2000, 52),
    (3000, 70), (4000, 90), (6000, 115), (8000, 149), (10000, 191), (12000, 228), (15000, 270), (18000, 299),
)  # fmt: skip
"""Median round trip in ms by km."""

SPREAD: Knots = (
    (30, 0.60), (100, 0.55), (500, 0.48), (1000, 0.42), (2000, 0.35), (5000, 0.31), (10000, 0.24), (20000, 0.20),
)  # fmt: skip
"""One standard deviation of z about its typical value, by km: what single paths differ by."""


STEP = Kilometres(10.0)
"""Grain of the tables below: an estimate takes three look-ups a region, and a bisection each would be half its
cost."""


def z_of(rtt: Millis) -> float:
    """A round trip where errors are normal.

    >>> round(z_of(Millis(16.0)), 3)
    2.996
    """
    return log(rtt + SHIFT)


def rtt_of(z: float) -> Millis:
    """Back to milliseconds, never below zero."""
    return Millis(max(0.0, exp(z) - SHIFT))


def typical_rtt(km: Kilometres) -> Millis:
    """Median round trip between two places *km* apart.

    >>> typical_rtt(Kilometres(500.0)), round(typical_rtt(Kilometres(2500.0)), 1)
    (19.0, 61.9)
    """
    return Millis(_at(TYPICAL, km))


def spread(km: Kilometres) -> float:
    """One standard deviation of z for a client and a region *km* apart whose places are exactly known.

    >>> spread(Kilometres(0.0)), spread(Kilometres(1000.0))
    (0.6, 0.42)
    """
    return _at(SPREAD, km)


@lru_cache(maxsize=64)
def spreads_within(reach: int) -> Sequence[float]:
    """`SPREADS`, by row, for places that may be off by *reach* rows: the law's spread and the doubt about the row.

    Half the difference over the doubt rather than a slope: the law is steep near zero, and a slope there would make a
    small doubt look like a continent.
    """
    last = ROWS - 1
    doubts = ((RTTS[min(i + reach, last)] - RTTS[max(i - reach, 0)]) / 2 / (RTTS[i] + SHIFT) for i in range(ROWS))
    return tuple(map(hypot, SPREADS, doubts))


def _at(knots: Knots, km: float) -> float:
    """Interpolate *knots* evenly in log distance; flat beyond both ends."""
    if km <= knots[0][0]:
        return knots[0][1]
    if km >= knots[-1][0]:
        return knots[-1][1]
    i = bisect_right(knots, km, key=lambda knot: knot[0])
    (near, low), (far, high) = knots[i - 1], knots[i]
    share = (log1p(km) - log1p(near)) / (log1p(far) - log1p(near))
    return low + share * (high - low)


ROWS = 2005
"""Half the way around the globe."""

RTTS: Sequence[Millis] = tuple(typical_rtt(Kilometres(i * STEP)) for i in range(ROWS))
"""`typical_rtt` by row: of each `STEP` one."""

ZS: Sequence[float] = tuple(log(rtt + SHIFT) for rtt in RTTS)
"""The same where errors are normal."""

SPREADS: Sequence[float] = tuple(spread(Kilometres(i * STEP)) for i in range(ROWS))
"""`spread` by row."""
