"""What one network's measurements teach about the others.

They are taken apart into its line, which is its provider's, and its paths.

A client far from everything measures long round trips to all regions alike. That is its line: it is taken out first,
or each region would be blamed for it. What is left differs from region to region, and belongs to the paths.
"""

from collections.abc import Mapping
from math import hypot
from typing import NamedTuple

from autorouter.core.latency.globe import Globe
from autorouter.core.latency.law import STEP, ZS, spreads_within, z_of
from autorouter.core.latency.offsets import Offsets, Pool
from autorouter.core.latency.prior import radius_of
from autorouter.core.latency.sample import Evidence, Track
from autorouter.core.names import Network, RegionName
from autorouter.core.place import Coordinates, cell_of, vector
from autorouter.core.query import Client
from autorouter.core.units import Kilometres

LINE = 1.0
"""Measured regions that count as much as the guess that a line is like any other."""

LINES = 0.3
"""Standard deviation of lines, as they are guessed. What is heard of a line is drawn so far towards none that the
voices of real pools spread by 0.10 instead of 0.17, which is what liars can make use of; what a pool is told is a
third of its correction too little for it, 3 % of a round trip."""

VAGUE = Kilometres(500.0)
"""A client whose place is less sure than this teaches nothing about places."""


def teach(offsets: Offsets, network: Network, client: Client, evidence: Evidence, globe: Globe) -> None:
    """Let *offsets* know what *evidence* about *network*, whose *client* is known so far, says.

    What clients report of themselves teaches nothing about regions, and of their line only where nodes told nothing:
    one voice in the pool, which no other has to make room for.
    """
    sure = {region: track for region, track in evidence.tracks.items() if track.kind.trusted}
    for region, track in sure.items():
        offsets.hear_time(region, network, z_of(track.rtt))
    if client.at is None or radius_of(client) > VAGUE:
        return
    cell = cell_of(client.at)
    if missed := _missed(client, client.at, sure or evidence.tracks, globe):
        line = _line(missed, offsets.seen_from(cell))
        offsets.hear_line(Pool(client.asn, client.country), network, line, hearsay=not sure)
    if sure:
        line = sum(miss.z for miss in missed.values()) / (len(missed) + LINE)
        for region, miss in missed.items():
            offsets.hear_path(cell, region, network, miss.z - line)


class Miss(NamedTuple):
    """What the law misses one measured path by."""

    z: float
    doubt: float
    """By how much it usually does."""


def _line(missed: Mapping[RegionName, Miss], told: Mapping[RegionName, float]) -> float:
    """What all paths are likely to miss the law by: each counts by how sure it is, and so does the guess of none."""
    weights = {region: miss.doubt**-2 for region, miss in missed.items()}
    total = sum(weight * (missed[region].z - told.get(region, 0.0)) for region, weight in weights.items())
    return total / (LINES**-2 + sum(weights.values()))


def _missed(
    client: Client, at: Coordinates, tracks: Mapping[RegionName, Track], globe: Globe
) -> Mapping[RegionName, Miss]:
    """By how much the law misses each measured path, in z."""
    here, doubts = vector(at), spreads_within(int(radius_of(client) / STEP))
    rows = {region: globe.row(here, globe.number[region]) for region in tracks if region in globe.number}
    return {
        region: Miss(z_of(tracks[region].rtt) - ZS[row], hypot(doubts[row], tracks[region].kind.least))
        for region, row in rows.items()
    }
