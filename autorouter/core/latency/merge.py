"""One account out of two: what this router knows of a network, and what was kept of it by whichever router was there.

Routers learn apart while they cannot hear each other. When they can again each merges what the others kept, in any
order and as often as it likes: all end with the same.
"""

from types import MappingProxyType

from autorouter.core.latency.sample import SAME_WITHIN, Evidence, Track


def merge(mine: Evidence, kept: Evidence) -> Evidence:
    """Of each path the account of the better source, and of equals the later; *mine* itself where nothing is gained.

    Two accounts of one path are not mixed: what both heard would count twice.
    """
    gained = {
        region: track
        for region, track in kept.tracks.items()
        if region not in mine.tracks or _worth(track) > _worth(mine.tracks[region])
    }
    return Evidence(MappingProxyType({**mine.tracks, **gained})) if gained else mine


def lacks(kept: Evidence, known: Evidence) -> bool:
    """Whether what is *kept* lacks something of what is *known*; what only clocks differ in is not lacking."""
    return any(
        region not in kept.tracks or _differ(kept.tracks[region], track) for region, track in known.tracks.items()
    )


def _differ(kept: Track, known: Track) -> bool:
    same = (kept.recent, kept.n, kept.source) == (known.recent, known.n, known.source)
    return not same or known.at > kept.at + SAME_WITHIN


def _worth(track: Track) -> tuple[object, ...]:
    """Orders all accounts of one path, down to the last figure: or two routers would each prefer its own."""
    odd = () if track.odd is None else (track.odd.at, track.odd.rtt, track.odd.n, track.odd.source)
    return track.kind.rank, track.at, track.n, track.recent, track.source, odd
