"""The decision, from question to answer, on one page.

Two steps. What may be offered, and what is believed of this client's round trips, hold from one answer to the next:
`sift` remembers the one for each snapshot of the fleet, the atlas the other for each client. The rest is done for
every answer: waits are added, with the load in them that earlier answers have caused, the policy ranks, and the
client's present region is kept if nothing is clearly better.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from autorouter.core.candidate import Candidate
from autorouter.core.eligible import EligibleSet, Rejection
from autorouter.core.fleet import FleetSnapshot, RegionView
from autorouter.core.incumbent import keep
from autorouter.core.latency.belief import Belief
from autorouter.core.latency.explore import Probe, suspicion, worth_measuring
from autorouter.core.lease import lease
from autorouter.core.names import Country, RegionName
from autorouter.core.placement import lot, placements
from autorouter.core.policy import Policy, Price
from autorouter.core.query import RouteQuery, Scope
from autorouter.core.shortlist import shortlist
from autorouter.core.sift import Sifted, sift
from autorouter.core.spill import Spill
from autorouter.core.units import Instant, Seconds

RETRY = Seconds(5.0)
"""How long no answer holds: a region may come back with any probe."""

RETRY_FULL = Seconds(10.0)
"""More how long at most, by lot, when there is no room: all who were sent away would else come back as one."""


FULL = "full: more is asked of all regions together than they have slots for"


class Case(NamedTuple):
    """One question, and everything that its answer depends on but the fleet."""

    query: RouteQuery
    policy: Policy
    belief: Belief
    """What is believed of the client's round trips."""
    spill: Spill
    now: Instant
    last: RegionName | None = None
    """Where the client's network was sent before; counts if the client does not say where it is."""

    @property
    def here(self) -> RegionName | None:
        """Where the client is, as far as anyone knows."""
        return self.query.previous or self.last or self.belief.evidence.served


class Choice(NamedTuple):
    """What is ranked, what is too dear, and what it took."""

    ranked: tuple[Candidate, ...] = ()
    dear: tuple[Rejection, ...] = ()
    bent: bool = False
    """A rule gave way."""
    kept: str = ""
    """Why the client's region was kept."""
    passed: tuple[EligibleSet, ...] = ()
    """What it would have had, were there room for all."""


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
    passed: tuple[EligibleSet, ...] = ()
    """What had room for most and not for all, and it fell to this client to be sent on."""
    kept: str = ""
    """Why the client's previous region was kept; empty when it was not a question."""

    @property
    def chosen(self) -> Candidate | None:
        """The best candidate; None when no region may answer."""
        return self.ranked[0] if self.ranked else None

    @cached_property
    def rejected(self) -> tuple[Rejection, ...]:
        """Why the others are not ranked. Worked out when asked for: few ask, and a fleet may be large."""
        gone = [view.region.name for offer in self.passed for view in offer.views]
        full = tuple(Rejection(each, "capacity", FULL) for each in dict.fromkeys(gone))
        told = [*map(name, self.ranked), *(each.region for each in self.dear), *gone]
        return self.sifted.rejections(told, self.query) + self.dear + full

    @cached_property
    def probe(self) -> Probe | None:
        """The region that this client should be measured by, if any: never one that it may not be sent to."""
        if self.chosen is None or self.bent or not self.query.client.measurable:
            return None
        return worth_measuring(self.belief, name(self.chosen), map(name, self.ranked))


def decide(case: Case, fleet: FleetSnapshot, usual: Seconds) -> Decision:
    """Choose a region of *fleet*. The answer holds about as long as *usual*."""
    query, belief = case.query, case.belief
    sifted = sift(fleet, query)
    choice = choose(case, sifted)
    ranked = choice.ranked
    return Decision(
        query=query,
        revision=fleet.revision,
        taken=fleet.taken,
        ranked=ranked,
        ttl=lease(ranked[0], query.client.network, fleet.revision, usual) if ranked else retry(case, choice),
        belief=belief,
        sifted=sifted,
        dear=choice.dear,
        bent=bool(ranked) and (choice.bent or ranked[0].placement.full),
        passed=choice.passed,
        kept=choice.kept,
    )


def choose(case: Case, sifted: Sifted) -> Choice:
    """The first offer with room for this client, ranked; the first that is within its budget if none has room."""
    dear: dict[RegionName, Rejection] = {}
    crowded: Choice | None = None
    passed: list[EligibleSet] = []
    for offer in sifted.offers:
        if offer.bent and (passed or crowded):
            break  # that what is sound is full does not make what is ill any better
        if case.spill.sent_on(offer, case.query, case.now):
            passed.append(offer.eligible)
            continue
        affordable, over = afford(home_first(offer.eligible, case), case.query)
        dear |= {each.region: each for each in over}
        if not affordable:
            continue
        ranked, why = keep(affordable, case.here, case.policy)
        choice = Choice(ranked, tuple(dear.values()), offer.bent, why, tuple(passed))
        if not ranked[0].placement.full or ranked[0].view.region.name == case.here:
            return choice
        crowded = crowded or choice
    return crowded or Choice(dear=tuple(dear.values()), passed=tuple(passed))


def retry(case: Case, choice: Choice) -> Seconds:
    """How long to wait before asking again where nothing could be had, in whole seconds."""
    if not choice.passed and not choice.dear:
        return RETRY
    drawn = lot(case.query.client.network, f"retry {case.now:.0f}")[0] / 255
    return Seconds(round(RETRY + RETRY_FULL * drawn))


def name(candidate: Candidate) -> RegionName:
    """The region that *candidate* is."""
    return candidate.view.region.name


def home_first(eligible: EligibleSet, case: Case) -> tuple[Candidate, ...]:
    """Rank *eligible*: those with room first, and of them the client's own country if that is its scope."""
    country = homeland(case)
    if country is None:
        ranked = case.policy.rank(near(eligible, case), pricing(case))
    else:
        home, abroad = eligible.split(country)
        there = pricing(case, abroad=True)
        ranked = case.policy.rank(near(home, case), pricing(case)) + case.policy.rank(near(abroad, case), there)
    return tuple(sorted(ranked, key=lambda each: each.placement.full))


def homeland(case: Case) -> Country | None:
    """The country in which the client would rather stay, if any.

    A database that has the wrong place has the wrong country too: where measurements make far better sense from
    elsewhere, nobody knows whose country it is. That is about a preference; residency does not ask where one is.
    """
    client, belief = case.query.client, case.belief
    if case.query.scope is Scope.GLOBAL or client.country is None:
        return None
    refuted = client.source.startswith("geoip") and suspicion(belief, tuple(belief.evidence.tracks)) is not belief
    return None if refuted else client.country


def near(eligible: EligibleSet, case: Case) -> EligibleSet:
    """Those of *eligible* that can matter to the client."""
    query, belief, spill = case.query, case.belief, case.spill
    here = () if query.previous is None else (query.previous,)
    known = (*belief.evidence.tracks, *here)

    def has_room(view: RegionView) -> bool:
        return not spill.place(view, query).full

    def is_warm(view: RegionView) -> bool:
        return any(not each.loading for each in placements(view, query.models))

    return shortlist(eligible, query.client, belief.globe, known, has_room, is_warm)


def pricing(case: Case, *, abroad: bool = False) -> Price:
    """How to price an eligible region: round trip believed, placement with the least wait."""
    query, belief, spill = case.query, case.belief, case.spill

    def price(view: RegionView) -> Candidate:
        placed = spill.place(view, query)
        return Candidate(view, placed, belief.of(view.region.name), query.client.network, abroad)

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
