"""What is refused at the door, and what only just gets in."""

import pytest

from autorouter.core.latency.globe import Globe
from autorouter.core.latency.judge import LONGEST, REFUSALS, refusal
from autorouter.core.latency.sample import Sample
from autorouter.core.names import Network, RegionName
from autorouter.core.query import Client
from autorouter.core.units import Instant, Kilometres, Millis
from tests.scenes import LONDON, TORONTO, region

GLOBE = Globe([region("yto-01", TORONTO).region])
"""London is 5,712 km away: 57 ms by light in fibre."""


def judged(rtt=80.0, *, network="203.0.113.0/24", name="yto-01", source="served", at=LONDON, of="geoip-city", **more):
    sample = Sample(Network(network), RegionName(name), Millis(rtt), 1, Instant(0.0), source)
    return refusal(sample, Client(Network(network), at, source=of, **more), GLOBE)


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, None),
        ({"network": "2001:db8:7::/48"}, None),
        ({"name": "yul-01"}, "unknown"),
        ({"source": "hearsay"}, "unknown"),
        ({"network": "203.0.113.7/32"}, "unknown"),
        ({"network": "nonsense"}, "unknown"),
        ({"rtt": 0.0}, "absurd"),
        ({"rtt": -3.0}, "absurd"),
        ({"rtt": LONGEST}, None),
        ({"rtt": LONGEST + 1}, "absurd"),
        ({"network": "10.1.2.0/24"}, "private"),
        ({"network": "10.1.2.0/24", "named": True}, None),
        ({"rtt": 50.0, "of": "networks"}, "impossible"),
        ({"rtt": 58.0, "of": "networks"}, None),
        ({"rtt": 1.0}, None),
        ({"rtt": 50.0, "source": "reported"}, "impossible"),
        ({"rtt": 55.0, "source": "reported"}, None),
        ({"rtt": 1.0, "source": "reported", "at": None, "of": "unknown"}, None),
        ({"rtt": 50.0, "source": "reported", "radius": Kilometres(900.0)}, None),
    ],
)
def test_a_sample_is_refused_for_a_reason_or_not_at_all(more, reason):
    assert judged(**more) == reason
    assert reason is None or REFUSALS[reason]
