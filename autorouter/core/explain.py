"""A decision in words: the same sentences for the API, the command line and the page."""

from autorouter.core.candidate import Candidate
from autorouter.core.decide import Decision


def because(decision: Decision) -> str:
    """Why the answer is what it is, in one sentence."""
    if decision.chosen is None:
        return "every region that may answer is full" if decision.passed else "no region may answer"
    first = decision.kept or f"{decision.chosen.view.region.name} starts first: {price(decision.chosen)}"
    if decision.passed:
        return f"{first}; what is nearer is full"
    return f"{first}; only degraded or full regions are left" if decision.bent else first


def price(candidate: Candidate) -> str:
    """What *candidate* costs, in words."""
    told = f"{candidate.estimate.rtt:.1f} ms away, give or take {candidate.estimate.spread:.1f}"
    loading = candidate.placement.loading
    queue = candidate.wait - loading
    wait = f"{queue:.1f} ms queue" if queue else "no queue"
    load = f", {loading:.0f} ms to load what is cold" if loading else ""
    return f"{told} ({candidate.estimate.source}), {wait}{load}{', abroad' if candidate.abroad else ''}"
