"""What `netcheck` makes of round trips measured from here: a verdict for each region, and one of the choice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from autorouter.cli.reaching import Reached
from autorouter.cli.screen import ms
from autorouter.core.incumbent import LEAST_GAIN, LEAST_SHARE
from autorouter.core.latency.law import spread, typical_rtt, z_of
from autorouter.core.place import Coordinates, distance, floor_rtt
from autorouter.core.units import Kilometres, Millis
from autorouter.wire.fleet import RegionSeen
from autorouter.wire.route import Explained, Ranked

NEAR = Millis(2.0)
"""Below this floor the last mile is most of a round trip, and multiples of it say nothing."""

GRAIN = Kilometres(10.0)
"""Doubt about where this machine is, at the least: the router tells places to a tenth of a degree."""

FINE = "as it should be"


@dataclass(frozen=True, slots=True)
class Path:
    """The way from here to one region."""

    region: str
    name: str
    endpoint: str
    reached: Reached
    floor: Millis | None
    """Least round trip that physics allows; None where nobody knows where this machine is."""
    verdict: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What was measured here against what the router chooses."""

    region: str | None
    fastest: str | None
    """Of all that were reached."""
    good: bool
    told: str


def path(seen: RegionSeen, reached: Reached, at: Coordinates | None, radius: float) -> Path:
    """The way to *seen* from *at*, which may be off by *radius* km."""
    km = None if at is None else distance(at, Coordinates(seen.latitude, seen.longitude))
    floor = None if km is None else floor_rtt(Kilometres(max(0.0, km - max(GRAIN, radius))))
    verdict = _verdict(reached, km, floor)
    return Path(seen.region, seen.name, seen.endpoint, reached, floor, verdict)


def _verdict(reached: Reached, km: Kilometres | None, floor: Millis | None) -> str:
    if reached.rtt is None:
        return reached.error
    if km is None or floor is None:
        return "reached; how far it is is not known"
    if reached.rtt < floor:
        return "faster than light: it or this machine is not where the router takes it to be"
    if z_of(reached.rtt) <= z_of(typical_rtt(km)) + spread(km):
        return FINE
    return f"{reached.rtt / floor:.1f} times the floor: a detour" if floor >= NEAR else f"slow for {km:.0f} km"


def choice(explained: Explained | None, paths: Sequence[Path]) -> Choice:
    """Whether the router's choice agrees with what was measured."""
    there = {each.region: each.reached.rtt for each in paths if each.reached.rtt is not None}
    fastest = min(there, key=lambda name: there[name], default=None)
    if fastest is None:
        return Choice(None, None, good=False, told="No region can be reached from here.")
    ranked = explained.ranked if explained else ()
    if not ranked:
        return Choice(None, fastest, good=False, told="The router sends you nowhere: 'autorouter explain' says why.")
    return _compared(ranked, there, fastest)


def _compared(ranked: Sequence[Ranked], there: Mapping[str, Millis], fastest: str) -> Choice:
    first = ranked[0]
    if first.region not in there:
        told = f"The router sends you to {first.region}, which cannot be reached from here."
        return Choice(first.region, fastest, good=False, told=f"{told} The fastest is {_at(fastest, there)}.")
    soonest = min(
        (each for each in ranked if each.region in there and each.abroad == first.abroad),
        key=lambda each: there[each.region] + each.wait_ms,
    )
    gain = there[first.region] + first.wait_ms - there[soonest.region] - soonest.wait_ms
    good = gain <= max(LEAST_GAIN, LEAST_SHARE * there[first.region])
    told = f"The router sends you to {_at(first.region, there)}; {_rest(ranked, there, fastest, good=good)}"
    return Choice(first.region, fastest, good, told)


def _rest(ranked: Sequence[Ranked], there: Mapping[str, Millis], fastest: str, *, good: bool) -> str:
    if fastest == ranked[0].region:
        return "nothing is faster from here."
    other = f"the fastest from here is {_at(fastest, there)}"
    if not good:
        return f"{other}: 'autorouter explain' says why, 'autorouter netcheck --report' tells it what you measured."
    found = next((each for each in ranked if each.region == fastest), None)
    if found is None:
        return f"{other}, which it does not offer: 'autorouter explain' says why."
    if found.abroad != ranked[0].abroad:
        return f"{other}, which is abroad."
    if found.wait_ms - ranked[0].wait_ms > 1:
        return f"{other}, which has a queue of {found.wait_ms:.0f} ms."
    return f"{other}: too little to matter."


def _at(name: str, there: Mapping[str, Millis]) -> str:
    return f"{name} ({ms(there[name])})"
