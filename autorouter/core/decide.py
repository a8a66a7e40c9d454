"""The decision, from question to answer, on one page.

Two steps. What may be offered, and what is believed of this client's round trips, hold from one answer to the next:
`sift` remembers the one for each snapshot of the fleet, the atlas the other for each client. The rest is done for
every answer: waits are added, the policy ranks, the client's present region is kept if nothing is clearly better.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from autorouter.core.candidate import Candidate
from autorouter.core.eligible import EligibleSet, Rejection
from autorouter.core.fleet import FleetSnapshot, RegionView
from autorouter.core.incumbent import keep
from autorouter.core.latency.belief import Belief
from autorouter.core.latency.explore import Probe, worth_measuring
from autorouter.core.lease import lease
from autorouter.core.names import RegionName
from autorouter.core.placement import place, placements
from autorouter.core.policy import Policy, Price
from autorouter.core.query import RouteQuery, Scope
from autorouter.core.shortlist import shortlist
from autorouter.core.sift import Offer, Sifted, sift
from autorouter.core.units import Instant, Seconds

Afforded = tuple[tuple[Candidate, ...], tuple[Rejection, ...], bool]
"""What is ranked, what is too dear, and whether a rule bent for it."""

RETRY = Seconds(5.0)
"""How long no answer holds: a region may come back with any probe."""


@dataclass(frozen=True)
class Decision:
    """What was chosen, what was not, and why. Enough to replay and to explain."""

    query: RouteQuery
    revision: int
    taken: Instant
    """When the fleet was as this decision saw it."""
    ranked: tuple[Candidate, ...]
    ttl: Seconds
    belief: Belief
    sifted: Sifted
    dear: tuple[Rejection, ...] = ()
    """What may answer and costs more than the client's budget."""
    bent: bool = False
    """Only degraded or full regions were left, and they are better than none."""
    kept: str = ""
    """Why the client's previous region was kept; empty when it was not a question."""

    @property
    def chosen(self) -> Candidate | None:
        """The best candidate; None when no region may answer."""
        return self.ranked[0] if self.ranked else None

    @cached_property
    def rejected(self) -> tuple[Rejection, ...]:
        """Why the others are not ranked. Worked out when asked for: few ask, and a fleet may be large."""
        told = [*map(name, self.ranked), *(each.region for each in self.dear)]
        return self.sifted.rejections(told, self.query) + self.dear

    @cached_property
    def probe(self) -> Probe | None:
        """The region that this client should be measured by, if any: never one that it may not be sent to."""
        if self.chosen is None or self.bent or not self.query.client.measurable:
            return None
        return worth_measuring(self.belief, name(self.chosen), map(name, self.ranked))


def decide(
    query: RouteQuery,
    fleet: FleetSnapshot,
    policy: Policy,
    usual: Seconds,
    belief: Belief,
    last: RegionName | None = None,
) -> Decision:
    """Choose a region of *fleet* for *query*.

    The answer holds about as long as *usual*. *belief* is what is believed of the client's round trips; *last* is
    where its network was sent before, and counts if the client does not say where it is.
    """
    sifted = sift(fleet, query)
    ranked, dear, bent = first_affordable(sifted.offers, query, policy, belief)
    kept, why = keep(ranked, query.previous or last or belief.evidence.served)
    ttl = lease(kept[0], query.client.network, fleet.revision, usual) if kept else RETRY
    return Decision(query, fleet.revision, fleet.taken, kept, ttl, belief, sifted, dear, bent, why)


def first_affordable(offers: Iterable[Offer], query: RouteQuery, policy: Policy, belief: Belief) -> Afforded:
    """The first of *offers* that has anything within the budget, ranked; and what was too dear on the way to it."""
    dear: dict[RegionName, Rejection] = {}
    for offer in offers:
        affordable, over = afford(home_first(offer.eligible, query, policy, belief), query)
        dear |= {each.region: each for each in over}
        if affordable:
            return affordable, tuple(dear.values()), offer.bent
    return (), tuple(dear.values()), False


def name(candidate: Candidate) -> RegionName:
    """The region that *candidate* is."""
    return candidate.view.region.name


def home_first(eligible: EligibleSet, query: RouteQuery, policy: Policy, belief: Belief) -> tuple[Candidate, ...]:
    """Rank *eligible*; the client's own country first if that is its scope and it is known."""
    country = query.client.country
    if query.scope is Scope.GLOBAL or country is None:
        return policy(near(eligible, query, belief), pricing(query, belief))
    home, abroad = eligible.split(country)
    there = pricing(query, belief, abroad=True)
    return policy(near(home, query, belief), pricing(query, belief)) + policy(near(abroad, query, belief), there)


def near(eligible: EligibleSet, query: RouteQuery, belief: Belief) -> EligibleSet:
    """Those of *eligible* that can matter to the client."""
    here = () if query.previous is None else (query.previous,)
    return shortlist(eligible, query.client, belief.globe, (*belief.evidence.tracks, *here))


def pricing(query: RouteQuery, belief: Belief, *, abroad: bool = False) -> Price:
    """How to price an eligible region for *query*: round trip believed, placement with the least wait."""

    def price(view: RegionView) -> Candidate:
        placement = place(placements(view, query.models), query)
        return Candidate(view, placement, belief.of(view.region.name), query.client.network, abroad)

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
