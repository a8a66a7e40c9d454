"""Why not the nearest? A decision as a few sentences, the same for the API, the command line and the page."""

from autorouter.core.candidate import Candidate
from autorouter.core.decide import Decision
from autorouter.core.fleet import Region, RegionView, Stage
from autorouter.core.latency.belief import Estimate
from autorouter.core.place import distance
from autorouter.core.units import Instant, Kilometres, Millis
from autorouter.core.words import span

WHOLE_FROM = Millis(10.0)
"""From this on whole milliseconds are told: nobody believes the tenths."""

AS_SOON = Millis(0.5)
"""What is this little sooner is as soon: then it is by lot."""

AS_NEAR = Kilometres(1.0)
"""What is this little nearer is as near."""


def story(decision: Decision, now: Instant) -> tuple[str, ...]:
    """What was chosen and what it costs, why nothing else was, and what keeps the nearest from being it."""
    chosen = decision.chosen
    if chosen is None:
        first = "Every region that may answer is full" if decision.passed else "No region may answer"
        return tuple(filter(None, (f"{first}.", _not_offered(decision))))
    told = (_choice(decision, chosen, now), _bent(decision), _sooner(decision, chosen), _nearest(decision, chosen))
    return tuple(filter(None, told))


def _choice(decision: Decision, chosen: Candidate, now: Instant) -> str:
    word = "starts answering first" if _first(decision, chosen) is chosen else "is the choice"
    return f"{_named(chosen.view.region)} {word}: {cost(chosen, how(chosen.estimate, now))}."


def _first(decision: Decision, chosen: Candidate) -> Candidate:
    """What starts first; the choice, unless another does so by more than nothing."""
    first = min(decision.ranked, key=lambda each: each.time_to_start)
    return first if chosen.time_to_start - first.time_to_start > AS_SOON else chosen


def cost(candidate: Candidate, measured: str = "") -> str:
    """The time to start in parts that add up to it: what is rounded is taken from the round trip."""
    digits = 0 if candidate.time_to_start >= WHOLE_FROM else 1
    loading = candidate.placement.loading
    waits = ((candidate.wait - loading, "queue"), (loading, "to load what is cold"))
    rounded = [(round(wait, digits), word) for wait, word in waits if round(wait, digits) > 0]
    total = round(candidate.time_to_start, digits)
    path = f"round trip ({measured})" if measured else "round trip"
    if not rounded:
        return f"{total:.{digits}f} ms, all of it {path}"
    parts = " and ".join(f"{wait:.{digits}f} {word}" for wait, word in rounded)
    return f"{total:.{digits}f} ms, of which {total - sum(wait for wait, _ in rounded):.{digits}f} {path} and {parts}"


def how(estimate: Estimate, now: Instant) -> str:
    """Where the round trip is known from."""
    track = estimate.track
    if track is None:
        return "estimated" if estimate.source == "estimated" else "a guess: where the client is is not known"
    word = "measured" if track.kind.trusted else "reported by the client"
    times = "once" if track.n == 1 else f"{track.n} times"
    return f"{word} {times}, {span(max(0.0, now - track.at))} ago"


def _bent(decision: Decision) -> str:
    if decision.passed:
        return "What would suit better is full, and it fell to this client to be sent on."
    return "Only degraded or full regions were left." if decision.bent else ""


def _sooner(decision: Decision, chosen: Candidate) -> str:
    """Why the one that starts first is not the choice; of the nearest another sentence tells."""
    first = _first(decision, chosen)
    if first is chosen or first.view is _nearer(decision, chosen):
        return ""
    return f"{_named(first.view.region)} would start {_but(decision, first, chosen)}."


def _but(decision: Decision, other: Candidate, chosen: Candidate) -> str:
    """How much sooner *other* would start, and why it is not the choice all the same."""
    why = _against(other, chosen)
    if not why:
        why = (
            "is not so much better that a move would pay" if decision.kept else "has less of what the policy looks at"
        )
    return f"{chosen.time_to_start - other.time_to_start:.1f} ms sooner but {why}"


def _against(other: Candidate, chosen: Candidate) -> str:
    """What *other* is ranked behind *chosen* for, whatever it costs."""
    if other.abroad and not chosen.abroad:
        return "is abroad"
    if other.placement.full and not chosen.placement.full:
        load = other.placement.load
        return f"is full, with {load.taken:.0f} of {load.slots:.0f} slots taken"
    return ""


def _nearest(decision: Decision, chosen: Candidate) -> str:
    at, nearer = decision.query.client.at, _nearer(decision, chosen)
    if at is None:
        return "Where the client is is not known, so none is the nearest."
    away = distance(at, chosen.view.region.at)
    if nearer is None:
        return f"It is the nearest, {away:.0f} km away."
    by = f"The nearest, {_named(nearer.region)}, is {away - distance(at, nearer.region.at):.0f} km nearer"
    other = next((each for each in decision.ranked if each.view is nearer), None)
    if other is None:
        return f"{by} but {_stopped(decision, nearer)}."
    if chosen.time_to_start - other.time_to_start > AS_SOON:
        return f"{by} and would start {_but(decision, other, chosen)}."
    return f"{by} but costs {_load(other)}."


def _nearer(decision: Decision, chosen: Candidate) -> RegionView | None:
    """The nearest, if that is not the choice. What is planned is on the map only; what was chosen always is there."""
    at = decision.query.client.at
    if at is None:
        return None
    there = (view for view, _ in decision.sifted.stops if view.region.stage is not Stage.PLANNED)
    nearest = min(there, key=lambda view: distance(at, view.region.at))
    return nearest if distance(at, chosen.view.region.at) - distance(at, nearest.region.at) >= AS_NEAR else None


def _stopped(decision: Decision, view: RegionView) -> str:
    why = next(each for each in decision.rejected if each.region == view.region.name)
    return f"is not offered ({why.rule}): {why.detail}"


def _load(candidate: Candidate) -> str:
    load = candidate.placement.load
    return f"{cost(candidate)}, {load.taken:.0f} of {load.slots:.0f} slots taken"


def _not_offered(decision: Decision) -> str:
    """How many regions each rule stopped."""
    rules = [each.rule for each in decision.rejected]
    counted = ", ".join(f"{rules.count(rule)} by {rule}" for rule in dict.fromkeys(rules))
    return f"Stopped: {counted}." if counted else "There are no regions."


def _named(region: Region) -> str:
    return f"{region.title} ({region.name})"
