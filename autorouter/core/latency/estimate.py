"""One client's round trip to one region: a number, how far off it may be, and who says so."""

from dataclasses import dataclass
from math import hypot
from typing import Literal

from autorouter.core.fleet import RegionView
from autorouter.core.latency.law import SHIFT, blur, spread, typical_rtt
from autorouter.core.place import distance
from autorouter.core.query import Access, Client
from autorouter.core.units import Kilometres, Millis

Source = Literal["measured", "estimated", "unknown"]
"""``estimated``: from places. ``unknown``: the client's place is not known, so the router's own stands in."""

RADIUS_OF = {
    Access.FIXED: Kilometres(100.0),
    Access.WIFI: Kilometres(100.0),
    Access.MOBILE: Kilometres(250.0),
    Access.SATELLITE: Kilometres(2000.0),
}
"""How far off a place may be when its source does not say: mobile operators pool addresses nationwide."""

RADIUS_STRETCH = 1.5
"""Databases state the radius of one half of their errors; this makes it one standard deviation, nearly."""

WIDEST = 0.60
"""Spread of z where nothing is known: that of the law at its least certain."""

FARTHEST = Millis(150.0)
"""Taken for a region that this router never reached and another did: half a world away, until measured."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A believed round trip, with one standard deviation."""

    rtt: Millis
    spread: Millis
    source: Source


def estimate(client: Client, view: RegionView) -> Estimate:
    """What is believed of the round trip between *client* and *view*."""
    if client.at is None:
        return _shifted(view.rtt if view.rtt is not None else FARTHEST, WIDEST, "unknown")
    km = distance(client.at, view.region.at)
    rtt = typical_rtt(km)
    return _shifted(rtt, hypot(spread(km), blur(km, _radius(client)) / (rtt + SHIFT)), "estimated")


def _radius(client: Client) -> Kilometres:
    if client.radius is None:
        return RADIUS_OF[client.access]
    return Kilometres(client.radius * RADIUS_STRETCH)


def _shifted(rtt: Millis, tau: float, source: Source) -> Estimate:
    return Estimate(rtt, Millis((rtt + SHIFT) * tau), source)
