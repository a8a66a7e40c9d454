"""Which samples are refused at the door: those that cannot be, and those that nobody may give."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from autorouter.core.address import GRAIN, block, is_private
from autorouter.core.latency.globe import Globe
from autorouter.core.latency.prior import radius_of
from autorouter.core.latency.sample import Evidence, Sample, Track
from autorouter.core.latency.sources import SOURCES
from autorouter.core.names import Network, RegionName
from autorouter.core.place import floor_rtt, vector
from autorouter.core.query import Client
from autorouter.core.units import Instant, Kilometres, Millis

LONGEST = Millis(5000.0)
"""A slower handshake is a queue or a lost packet, not a path."""

SLACK = 3.0
"""Standard deviations by which a place may be wrong before a client's own report is called impossible."""

REFUSALS: Mapping[str, str] = MappingProxyType(
    {
        "unknown": "no such region, source or client network",
        "absurd": f"not between 0 and {LONGEST:g} ms",
        "private": "a private or reserved network that networks: in regions.yaml does not name",
        "hasty": "one report a minute counts of this region, from all of the client's network together",
        "impossible": "faster than light in fibre over that distance",
    }
)
"""Why a sample is refused: a closed set, for counting."""


def refusal(sample: Sample, client: Client, globe: Globe) -> str | None:
    """Why *sample* of *client* is refused, a key of `REFUSALS`; None if it is not.

    Whether it is ``hasty`` depends on what is known: see `is_hasty`.
    """
    return _fault_of(sample.network, client) or _fault_in(sample, client, globe)


def credible(
    network: Network, kept: Evidence, client: Client, globe: Globe, now: Instant
) -> tuple[Evidence, Sequence[tuple[str, str]]]:
    """What of *kept* may be believed of *network*, none of it later than *now*; of the rest each source and reason.

    Whoever can write where it was kept is no better than a node: what a node may not say is not believed of it.
    """
    of_network = _fault_of(network, client)
    faults = {
        region: of_network or _fault_along(network, region, track, client, globe)
        for region, track in kept.tracks.items()
    }
    good = {
        region: track if track.at <= now else replace(track, at=now)
        for region, track in kept.tracks.items()
        if faults[region] is None
    }
    return Evidence(MappingProxyType(good)), [
        (kept.tracks[region].source, fault) for region, fault in faults.items() if fault is not None
    ]


def _fault_of(network: Network, client: Client) -> str | None:
    """Why nothing is believed of *network*, if so."""
    found = block(network)
    if found is None or found.prefixlen != GRAIN[found.version] or str(found) != network:
        return "unknown"
    return "private" if not client.named and is_private(found.network_address) else None


def _fault_in(sample: Sample, client: Client, globe: Globe) -> str | None:
    if sample.region not in globe.number or sample.source not in SOURCES:
        return "unknown"
    if not 0 < sample.rtt <= LONGEST:
        return "absurd"
    return "impossible" if sample.rtt < _floor(sample, client, globe) else None


def _fault_along(network: Network, region: RegionName, track: Track, client: Client, globe: Globe) -> str | None:
    """What is wrong with the fastest or the slowest of a path's samples: between them nothing is."""
    ends = (
        Sample(network, region, rtt, track.n, track.at, track.source)
        for rtt in (min(track.recent), max(track.recent))
    )
    return next((fault for each in ends if (fault := _fault_in(each, client, globe))), None)


def _floor(sample: Sample, client: Client, globe: Globe) -> Millis:
    """The least round trip that is possible.

    The operator's word about a place is trusted. A database's is not: a kernel that measures less than light allows
    has shown the database wrong. But a client's own report is no such proof, so it has to fit, give or take.
    """
    if client.at is None or (client.source != "networks" and SOURCES[sample.source].trusted):
        return Millis(0.0)
    km = globe.distance(vector(client.at), globe.number[sample.region])
    slack = 0.0 if client.source == "networks" else SLACK * radius_of(client)
    return floor_rtt(Kilometres(max(0.0, km - slack)))
