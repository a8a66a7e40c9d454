"""Small words for what was measured: a sample, what is remembered, what is believed."""

from math import asin, atan2, cos, degrees, radians, sin

from autorouter.core.latency.atlas import Atlas
from autorouter.core.latency.belief import Belief
from autorouter.core.latency.globe import Globe
from autorouter.core.latency.law import ROWS, STEP
from autorouter.core.latency.offsets import Offsets
from autorouter.core.latency.prior import Prior
from autorouter.core.latency.sample import Evidence, Sample, learn
from autorouter.core.names import Network, RegionName
from autorouter.core.place import EARTH_RADIUS_KM, Coordinates
from autorouter.core.units import Instant, Millis
from tests.scenes import LONDON, MONTREAL, NEW_YORK, TORONTO, VANCOUVER, client, region

JITTER = 2.0
"""Of a fixed line of which nothing more is known."""

NETWORK = Network("203.0.113.0/24")

SYDNEY, TOKYO = Coordinates(-33.87, 151.21), Coordinates(35.68, 139.69)

WORLD = {"yto": TORONTO, "yul": MONTREAL, "nyc": NEW_YORK, "yvr": VANCOUVER, "lhr": LONDON, "syd": SYDNEY}


def regions(places=None):
    """One region at each of *places*."""
    return [region(name, at).region for name, at in (places or WORLD).items()]


def row_of(count, *, apart=150.0, start=TORONTO):
    """*count* regions on a line that leads away from *start*, so many kilometres *apart*."""
    return regions({f"r{i:02}": off(start, apart * i) for i in range(count)})


def off(at, km, bearing=90.0):
    """The point *km* from *at*, eastwards unless told otherwise."""
    lat, lon, far, to = radians(at.latitude), radians(at.longitude), km / EARTH_RADIUS_KM, radians(bearing)
    lat2 = asin(sin(lat) * cos(far) + cos(lat) * sin(far) * cos(to))
    lon2 = lon + atan2(sin(to) * sin(far) * cos(lat), cos(far) - sin(lat) * sin(lat2))
    return Coordinates(degrees(lat2), (degrees(lon2) + 540) % 360 - 180)


def sample(rtt=10.0, *, to="yto", at=0.0, source="served", network=NETWORK, n=1):
    return Sample(Network(network), RegionName(to), Millis(rtt), n, Instant(at), source)


def evidence(*samples, jitter=JITTER, known=None):
    """What is remembered of *samples*, heard in this order."""
    known = known or Evidence()
    for each in samples:
        known = learn(known, each, jitter)
    return known


def track(*samples, jitter=JITTER):
    """What is remembered of the one path that all *samples* are about."""
    (only,) = evidence(*samples, jitter=jitter).tracks.values()
    return only


def belief(rtts=(), *, who=None, fleet=None, now=0.0, jitter=JITTER, offsets=None, own=None, source="served"):
    """What is believed of *who*, of whom one sample per region of *rtts* was taken."""
    globe = Globe(fleet or regions())
    prior = Prior(who or client(TORONTO), globe, offsets or Offsets(), own or {})
    samples = [sample(rtt, to=to, source=source) for to, rtt in dict(rtts).items()]
    return Belief(prior, globe, evidence(*samples, jitter=jitter), jitter, Instant(now))


def row(km):
    """The row of the law's tables for *km* kilometres."""
    return min(int(km / STEP + 0.5), ROWS - 1)


def atlas(fleet=None, **more):
    return Atlas(fleet or regions(), **more)


def network(number):
    """One of 65,536 client networks."""
    return Network(f"20.{number // 256}.{number % 256}.0/24")
