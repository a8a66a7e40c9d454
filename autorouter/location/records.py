"""What a record of a GeoIP database says, in any of the shapes that such records come in. Nothing in it is trusted.

Nested, as MaxMind and DB-IP ship them: ``{"country": {"iso_code": …}, "location": {"latitude": …}}``; flat, as
ip-location-db does: ``{"country_code": …, "latitude": …}``; and flat with ``lat`` and ``lng`` or ``lon``.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from autorouter.core.countries import ALL
from autorouter.core.names import Country
from autorouter.core.place import Coordinates
from autorouter.core.units import Kilometres

VAGUE = Kilometres(1000.0)
"""A radius from which a place is none: databases put thousands of addresses at the middle of their country."""

MIDDLES = frozenset(
    [
        (37.751, -97.822), (43.6319, -79.3716), (-22.8305, -43.2192), (-33.494, 143.2104),
        (34.7732, 113.722), (21.9974, 79.0011), (55.7386, 37.6068),
    ]
)  # fmt: skip
"""Where MaxMind puts what it knows nothing of but the country: US, CA, BR, AU, CN, IN, RU.

MaxMind's own records say so by their radius of 1000 km; copies in the flat shapes have lost it, and then the point is
all there is to tell by. Only countries that are wider than `VAGUE`: the middle of a small one is a fair guess. DB-IP
has no such points (its City Lite of June 2026 names a city for all addresses but some of uninhabited islands).
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What a database says of an address."""

    at: Coordinates | None
    radius: Kilometres | None
    country: Country | None


def place_in(record: object) -> Found:
    """The place that *record* names, as far as it makes sense; the country is kept where the place is none."""
    about = record if isinstance(record, Mapping) else {}
    where = _inner(about, "location") or about
    country = _country(about)
    at, radius = _at(where), _number(where, "accuracy_radius")
    if at is None or (radius or 0.0) >= VAGUE or _knows_only_the_country(about, at):
        return Found(None, None, country)
    return Found(at, Kilometres(radius) if radius else None, country)


def asn_in(record: object) -> int | None:
    """The autonomous system that *record* names."""
    about = record if isinstance(record, Mapping) else {}
    found = _number(about, "autonomous_system_number", "asn")
    return int(found) if found and 0 < found < 1 << 32 else None


def _knows_only_the_country(about: Mapping[str, object], at: Coordinates) -> bool:
    """Whether *at* is a country's middle. A flat record has a field for the city, empty where it knows none."""
    return about.get("city") == "" or (round(at.latitude, 4), round(at.longitude, 4)) in MIDDLES


def _country(about: Mapping[str, object]) -> Country | None:
    found = _inner(about, "country").get("iso_code") or about.get("country_code") or about.get("country")
    return Country(found) if isinstance(found, str) and found in ALL else None


def _at(where: Mapping[str, object]) -> Coordinates | None:
    latitude, longitude = _number(where, "latitude", "lat"), _number(where, "longitude", "lng", "lon")
    if latitude is None or longitude is None or not (abs(latitude) <= 90 and abs(longitude) <= 180):
        return None
    return Coordinates(latitude, longitude)


def _inner(about: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = about.get(key)
    return found if isinstance(found, Mapping) else {}


def _number(about: Mapping[str, object], *keys: str) -> float | None:
    """The number under the first of *keys* that holds one."""
    found = next((about[key] for key in keys if key in about), None)
    return float(found) if isinstance(found, int | float) else None
