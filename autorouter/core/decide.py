"""The decision, from question to answer, on one page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autorouter.core.candidate import Candidate
from autorouter.core.eligible import EligibleSet, Rejection
from autorouter.core.fleet import FleetSnapshot, RegionView
from autorouter.core.incumbent import keep
from autorouter.core.latency.estimate import estimate
from autorouter.core.lease import lease
from autorouter.core.names import RegionName
from autorouter.core.placement import lot, place, placements
from autorouter.core.policy import Policy, Price
from autorouter.core.query import RouteQuery, Scope
from autorouter.core.sift import Offer, sift
from autorouter.core.units import Instant, Seconds

Afforded = tuple[tuple[Candidate, ...], tuple[Rejection, ...], bool]
"""What is ranked, what is too dear, and whether a rule bent for it."""

RETRY = Seconds(5.0)
"""How long no answer holds: a region may come back with any probe."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was chosen, what was not, and why. Enough to replay and to explain."""

    query: RouteQuery
    revision: int
    taken: Instant
    """When the fleet was as this decision saw it."""
    ranked: tuple[Candidate, ...]
    rejected: tuple[Rejection, ...]
    ttl: Seconds
    bent: bool = False
    """Only degraded or full regions were left, and they are better than none."""
    kept: str = ""
    """Why the client's previous region was kept; empty when it was not a question."""

    @property
    def chosen(self) -> Candidate | None:
        """The best candidate; None when no region may answer."""
        return self.ranked[0] if self.ranked else None


def decide(query: RouteQuery, fleet: FleetSnapshot, policy: Policy, usual: Seconds) -> Decision:
    """Choose a region of *fleet* for *query*; the answer holds about as long as *usual*."""
    sifted = sift(fleet.regions, query)
    ranked, dear, bent = first_affordable(sifted.offers, query, policy)
    kept, why = keep(ranked, query.previous)
    rejected = sifted.rejections([*map(name, kept), *(each.region for each in dear)], query) + dear
    ttl = lease(kept[0], query.client.network, fleet.revision, usual) if kept else RETRY
    return Decision(query, fleet.revision, fleet.taken, kept, rejected, ttl, bent, why)


def first_affordable(offers: Iterable[Offer], query: RouteQuery, policy: Policy) -> Afforded:
    """The first of *offers* that has anything within the budget, ranked; and what was too dear on the way to it."""
    dear: dict[RegionName, Rejection] = {}
    for offer in offers:
        affordable, over = afford(home_first(offer.eligible, query, policy), query)
        dear |= {each.region: each for each in over}
        if affordable:
            return affordable, tuple(dear.values()), offer.bent
    return (), tuple(dear.values()), False


def name(candidate: Candidate) -> RegionName:
    """The region that *candidate* is."""
    return candidate.view.region.name


def home_first(eligible: EligibleSet, query: RouteQuery, policy: Policy) -> tuple[Candidate, ...]:
    """Rank *eligible*; the client's own country first if that is its scope and it is known."""
    home = eligible.where(lambda view: not is_abroad(view, query))
    abroad = eligible.where(lambda view: is_abroad(view, query))
    return policy(home, pricing(query)) + policy(abroad, pricing(query))


def is_abroad(view: RegionView, query: RouteQuery) -> bool:
    """Whether going to *view* would cross a border that the client prefers not to."""
    country = query.client.country
    return query.scope is Scope.COUNTRY and country is not None and view.region.country != country


def pricing(query: RouteQuery) -> Price:
    """How to price an eligible region for *query*: round trip believed, placement with the least wait."""

    def price(view: RegionView) -> Candidate:
        placement = place(placements(view, query.models), query)
        tie = lot(query.client.network, view.region.name)
        return Candidate(view, placement, estimate(query.client, view), tie, is_abroad(view, query))

    return price


def afford(ranked: Sequence[Candidate], query: RouteQuery) -> tuple[tuple[Candidate, ...], tuple[Rejection, ...]]:
    """Split *ranked* into what the budget allows and the rest, with its price."""
    budget = query.budget
    if budget is None:
        return tuple(ranked), ()
    dear = tuple(
        Rejection(each.view.region.name, "budget", f"{each.time_to_start:.1f} ms to start, over {budget:g} ms")
        for each in ranked
        if each.time_to_start > budget
    )
    return tuple(each for each in ranked if each.time_to_start <= budget), dear
