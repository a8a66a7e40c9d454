"""What one network's measurements teach about the others.

They are taken apart into its line, which is its provider's, and its paths.

A client far from everything measures long round trips to all regions alike. That is its line: it is taken out first,
or each region would be blamed for it. What is left differs from region to region, and belongs to the paths.
"""

from statistics import fmean

from autorouter.core.latency.globe import Globe
from autorouter.core.latency.law import typical_rtt, z_of
from autorouter.core.latency.offsets import Offsets, Pool
from autorouter.core.latency.prior import radius_of
from autorouter.core.latency.sample import Evidence
from autorouter.core.names import Network, RegionName
from autorouter.core.place import cell_of, vector
from autorouter.core.query import Client
from autorouter.core.units import Kilometres

LINE = 1.0
"""Measured regions that count as much as the guess that a line is like any other."""

VAGUE = Kilometres(500.0)
"""A client whose place is less sure than this teaches nothing about places."""


def teach(offsets: Offsets, network: Network, client: Client, evidence: Evidence, globe: Globe) -> None:
    """Let *offsets* know what *evidence* about *network*, whose *client* is known so far, says."""
    for region, track in evidence.tracks.items():
        if track.kind.teaches_regions:
            offsets.hear_time(region, network, z_of(track.rtt))
    if client.at is None or radius_of(client) > VAGUE:
        return
    cell, missed = cell_of(client.at), _missed(client, evidence, globe)
    told = offsets.seen_from(cell)
    if missed:
        line = fmean(value - told.get(region, 0.0) for region, value in missed.items())
        offsets.hear_line(Pool(client.asn, client.country), network, line)
    sure = {region: value for region, value in missed.items() if evidence.tracks[region].kind.teaches_regions}
    line = sum(sure.values()) / (len(sure) + LINE)
    for region, value in sure.items():
        offsets.hear_path(cell, region, network, value - line)


def _missed(client: Client, evidence: Evidence, globe: Globe) -> dict[RegionName, float]:
    """By how much the law misses each measured path, in z."""
    assert client.at is not None  # noqa: S101 - `teach` has looked
    here = vector(client.at)
    return {
        region: z_of(track.rtt) - z_of(typical_rtt(globe.distance(here, globe.number[region])))
        for region, track in evidence.tracks.items()
        if region in globe.number
    }
