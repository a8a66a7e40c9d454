"""How much a client's line jitters: what its kind is known for, until its own samples say otherwise."""

from collections.abc import Mapping
from math import sqrt

from autorouter.core.latency.sample import NOISE, Evidence
from autorouter.core.query import Access

JITTER: Mapping[Access, float] = {
    Access.FIXED: 2.0,
    Access.WIFI: 2.0,
    Access.MOBILE: 7.0,
    Access.SATELLITE: 11.0,
}
"""Multiples of a wired line's noise. A fixed line is rarely known to be without wifi at its end, hence the 2."""

ASSUMED = 4.0
"""Samples that what is assumed counts as much as."""


def jitter_of(evidence: Evidence, access: Access) -> float:
    """The line's jitter: the scatter of its own samples about their medians, beside what its *access* suggests."""
    assumed = JITTER[access]
    off = [
        rtt - track.rtt
        for track in evidence.tracks.values()
        if track.kind.trusted and len(track.recent) > 1
        for rtt in track.recent
    ]
    if not off:
        return assumed
    scatter = sum(min(abs(each) / NOISE, 2 * assumed) ** 2 for each in off)
    return max(1.0, sqrt((ASSUMED * assumed**2 + scatter) / (ASSUMED + len(off))))
