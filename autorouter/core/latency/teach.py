"""What one network's measurements teach about the others.

They are taken apart into its line, which is its provider's, and its paths.

A client far from everything measures long round trips to all regions alike. That is its line: it is taken out first,
or each region would be blamed for it. What is left differs from region to region, and belongs to the paths.
"""

from collections.abc import Mapping
from statistics import fmean

from autorouter.core.latency.globe import Globe
from autorouter.core.latency.law import typical_rtt, z_of
from autorouter.core.latency.offsets import Offsets, Pool
from autorouter.core.latency.prior import radius_of
from autorouter.core.latency.sample import Evidence, Track
from autorouter.core.names import Network, RegionName
from autorouter.core.place import Cell, Vector, cell_of, vector
from autorouter.core.query import Client
from autorouter.core.units import Kilometres

LINE = 1.0
"""Measured regions that count as much as the guess that a line is like any other."""

VAGUE = Kilometres(500.0)
"""A client whose place is less sure than this teaches nothing about places."""


def teach(offsets: Offsets, network: Network, client: Client, evidence: Evidence, globe: Globe) -> None:
    """Let *offsets* know what *evidence* about *network*, whose *client* is known so far, says.

    What clients report of themselves teaches nobody: whoever speaks for many networks could move a provider's figure.
    """
    sure = {region: track for region, track in evidence.tracks.items() if track.kind.trusted}
    for region, track in sure.items():
        offsets.hear_time(region, network, z_of(track.rtt))
    if client.at is None or radius_of(client) > VAGUE:
        return
    if missed := _missed(vector(client.at), sure, globe):
        _teach_places(offsets, network, client, missed, cell_of(client.at))


def _teach_places(
    offsets: Offsets, network: Network, client: Client, missed: Mapping[RegionName, float], cell: Cell
) -> None:
    told = offsets.seen_from(cell)
    line = fmean(value - told.get(region, 0.0) for region, value in missed.items())
    offsets.hear_line(Pool(client.asn, client.country), network, line)
    line = sum(missed.values()) / (len(missed) + LINE)
    for region, value in missed.items():
        offsets.hear_path(cell, region, network, value - line)


def _missed(here: Vector, tracks: Mapping[RegionName, Track], globe: Globe) -> Mapping[RegionName, float]:
    """By how much the law misses each measured path, in z."""
    return {
        region: z_of(track.rtt) - z_of(typical_rtt(globe.distance(here, globe.number[region])))
        for region, track in tracks.items()
        if region in globe.number
    }
