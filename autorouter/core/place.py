"""Where things are, and the least time light needs between them."""

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from autorouter.core.units import Kilometres

EARTH_RADIUS_KM = 6371.0088
"""Mean radius, IUGG 1980."""


@dataclass(frozen=True, slots=True)
class Coordinates:
    """A point on the globe, in degrees."""

    latitude: float
    longitude: float


def distance(a: Coordinates, b: Coordinates) -> Kilometres:
    """Great-circle distance by the haversine formula; within 0.5 % of the ellipsoid.

    >>> round(distance(Coordinates(43.65, -79.38), Coordinates(45.50, -73.57)))
    504
    """
    lat_a, lat_b = radians(a.latitude), radians(b.latitude)
    half_lat = sin((lat_b - lat_a) / 2)
    half_lon = sin(radians(b.longitude - a.longitude) / 2)
    chord = half_lat * half_lat + cos(lat_a) * cos(lat_b) * half_lon * half_lon
    return Kilometres(2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord))))
