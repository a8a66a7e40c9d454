"""What is refused at the door, and what only just gets in."""

import pytest

from autorouter.core.latency.globe import Globe
from autorouter.core.latency.judge import LONGEST, REFUSALS, credible, refusal
from autorouter.core.latency.sample import Evidence, Sample, Track
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
        ({"network": "2001:DB8:7::/48"}, "unknown"),
        ({"network": "2001:db8:7:0::/48"}, "unknown"),
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


def kept(*rtts, at=0.0, source="served"):
    return Track(tuple(map(Millis, rtts)), len(rtts), Instant(at), source)


def recalled(network="203.0.113.0/24", *, now=9.0, **tracks):
    who = Client(Network(network), LONDON, source="geoip-city")
    evidence = Evidence({RegionName(name.replace("_", "-")): track for name, track in tracks.items()})
    return credible(Network(network), evidence, who, GLOBE, Instant(now))


def test_what_was_kept_is_judged_as_what_is_heard():
    good, refused = recalled(yto_01=kept(80.0, 90.0))
    assert (good.tracks["yto-01"].recent, refused) == ((80.0, 90.0), [])


@pytest.mark.parametrize(
    ("network", "tracks", "refused"),
    [
        ("hello", {"yto_01": kept(80.0)}, [("served", "unknown")]),
        ("203.0.113.77/32", {"yto_01": kept(80.0)}, [("served", "unknown")]),
        ("2001:DB8:7::/48", {"yto_01": kept(80.0)}, [("served", "unknown")]),
        ("10.1.2.0/24", {"yto_01": kept(80.0)}, [("served", "private")]),
        ("203.0.113.0/24", {"nowhere": kept(80.0)}, [("served", "unknown")]),
        ("203.0.113.0/24", {"yto_01": kept(80.0, 59_999.0, 81.0)}, [("served", "absurd")]),
        ("203.0.113.0/24", {"yto_01": kept(80.0, 20.0, source="reported")}, [("reported", "impossible")]),
    ],
)
def test_what_was_kept_and_cannot_be_is_refused(network, tracks, refused):
    good, told = recalled(network, **tracks)
    assert (dict(good.tracks), told) == ({}, refused)


def test_nothing_was_measured_later_than_now():
    good, _ = recalled(yto_01=kept(80.0, at=1e300))
    assert good.tracks["yto-01"].at == 9.0
