"""Why a client stays where it is: a region is left only for one that is clearly better.

Without this, two regions of nearly equal price would swap clients at every wobble of an estimate, and each move
costs a connection, a warm cache and a voice.
"""

from collections.abc import Sequence
from math import hypot

from autorouter.core.candidate import Candidate
from autorouter.core.latency.belief import Estimate
from autorouter.core.names import RegionName
from autorouter.core.policy import Policy
from autorouter.core.units import Millis

LEAST_GAIN = Millis(3.0)
"""A round trip has to get shorter by more than this to be worth a move …"""

LEAST_SHARE = 0.05
"""… and by more than this share of itself."""

LEAST_CERTAINTY = 1.0
"""… and, where both were measured, by more standard deviations than these: jitter is no reason to move."""

SETTLED_CERTAINTY = 4.0
"""… and by more than these, once the region to be left has been measured as often as is remembered. A first look is
worth acting on soon, but over a day even five samples wobble: on a mesh of 153 hosts this spared a fifth to a half of
all moves in a day, and the regret at its end was the same. Not asked of the time to start: a queue is no wobble."""

LEAST_GAIN_TO_START = Millis(10.0)
"""Or the time to start, queue and all, by more than this: queues wobble more than paths."""


def keep(
    ranked: Sequence[Candidate], previous: RegionName | None, policy: Policy
) -> tuple[tuple[Candidate, ...], str]:
    """*ranked* with the client's *previous* region first if it is good enough, and why; empty when it moves.

    Where time counts, a client that was never anywhere is at home in the nearest region that has room: what others
    measured has to make a clear case for another one, or more clients would be made worse by it than need be.
    """
    here = next((each for each in ranked if each.view.region.name == previous), None)
    word = "kept"
    if here is None and policy.by_time and not any(each.estimate.track for each in ranked):
        here, word = min(ranked, key=_from_home, default=None), "nearest is"
    if here is None or here is ranked[0] or here.abroad != ranked[0].abroad or policy.clearly(ranked[0], here):
        return tuple(ranked), ""
    best, gain = ranked[0].view.region.name, here.time_to_start - ranked[0].time_to_start
    by = f"only {gain:.1f} ms" if policy.by_time and gain > 0 else "not clearly"
    reason = f"{word} {here.view.region.name}: {best} {by} better"
    return (here, *(each for each in ranked if each is not here)), reason


def _from_home(each: Candidate) -> tuple[bool, bool, float, bytes]:
    # By lot between two at one place: an offset of a fraction of a millisecond would else send everybody to one.
    return each.placement.full, each.abroad, each.estimate.law, each.lot


def clearly_sooner(best: Candidate, here: Candidate) -> bool:
    """Whether a client of *here* would start so much sooner at *best*, queue and all, or over so much shorter a path.

    Behind a longer queue a shorter path is no gain: whoever was sent on would be back before there is room.
    """
    sooner = here.time_to_start - best.time_to_start
    if sooner > max(LEAST_GAIN_TO_START, LEAST_CERTAINTY * _doubt(best.estimate, here.estimate)):
        return True
    return best.wait <= here.wait and clearly_nearer(best, here)


def clearly_nearer(best: Candidate, here: Candidate) -> bool:
    """Whether the path to *best* is so much shorter."""
    shorter, doubt = here.estimate.rtt - best.estimate.rtt, _doubt(best.estimate, here.estimate)
    return shorter > max(LEAST_GAIN, LEAST_SHARE * here.estimate.rtt, _certainty(here.estimate) * doubt)


def _certainty(here: Estimate) -> float:
    """How many standard deviations a shorter round trip has to exceed for a client to leave *here*."""
    settled = here.track is not None and len(here.track.recent) >= here.track.kind.kept
    return SETTLED_CERTAINTY if settled else LEAST_CERTAINTY


def _doubt(one: Estimate, other: Estimate) -> float:
    """One standard deviation of the difference of two measured round trips; a guess has to be tried to be known."""
    measured = one.source == other.source == "measured"
    return hypot(one.spread, other.spread) if measured else 0.0
