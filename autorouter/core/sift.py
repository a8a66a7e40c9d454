"""From all regions to what may be offered, in order: edge before cloud, sound before degraded."""

from collections.abc import Iterable
from dataclasses import dataclass

from autorouter.core.eligible import EligibleSet, Rejection
from autorouter.core.fleet import FleetSnapshot, RegionView, Tier
from autorouter.core.names import RegionName
from autorouter.core.query import RouteQuery
from autorouter.core.sieves import SIEVES, Sieve


@dataclass(frozen=True, slots=True)
class Offer:
    """Regions that may be offered together, and whether a rule had to bend for it."""

    eligible: EligibleSet
    bent: bool = False


@dataclass(frozen=True, slots=True)
class Sifted:
    """What may be offered, in the order in which it should be, and what stops each region."""

    offers: tuple[Offer, ...]
    stops: tuple[tuple[RegionView, Sieve | None], ...]

    def rejections(self, offered: Iterable[RegionName], query: RouteQuery) -> tuple[Rejection, ...]:
        """Why the regions that are not *offered* are not."""
        names = frozenset(offered)
        return tuple(rejection(view, sieve, query) for view, sieve in self.stops if view.region.name not in names)


MOST_REMEMBERED = 256
"""Constraints whose outcome one snapshot remembers: clients choose them, so there must be a limit."""


def sift(fleet: FleetSnapshot, query: RouteQuery) -> Sifted:
    """What of *fleet* may answer *query*: the same for every client that asks under the same constraints."""
    found = fleet.memo.get(query.constraints)
    if not isinstance(found, Sifted):
        found = sifted(fleet.regions, query)
        if len(fleet.memo) >= MOST_REMEMBERED:
            fleet.memo.clear()
        fleet.memo[query.constraints] = found
    return found


def sifted(views: Iterable[RegionView], query: RouteQuery) -> Sifted:
    """What may answer *query*: edge before cloud, and only then regions that a bending rule would drop."""
    stops = tuple((view, stopping(view, query)) for view in views)
    firm = EligibleSet(query.residency, tuple(v for v, sieve in stops if sieve is None or sieve.bends))
    easy = frozenset(v.region.name for v, sieve in stops if sieve is None)
    sound = firm.where(lambda view: view.region.name in easy)
    offers = [Offer(sound.where(tier)) for tier in (is_edge, is_cloud)]
    if len(firm.views) > len(sound.views):
        offers += [Offer(firm.where(tier), bent=True) for tier in (is_edge, is_cloud)]
    return Sifted(tuple(offer for offer in offers if offer.eligible.views), stops)


def stopping(view: RegionView, query: RouteQuery) -> Sieve | None:
    """The first sieve that *view* does not pass."""
    return next((sieve for sieve in SIEVES if sieve.rule(view, query) is not None), None)


def rejection(view: RegionView, sieve: Sieve | None, query: RouteQuery) -> Rejection:
    """Why *view*, stopped by *sieve*, is not offered. What no sieve stops is not needed yet, or too far to matter."""
    if sieve is None and is_cloud(view):
        return Rejection(
            view.region.name, "overflow", "the cloud is for when no edge region is left, or all are full"
        )
    if sieve is None:
        return Rejection(view.region.name, "farther", "others that may answer are nearer")
    return Rejection(view.region.name, sieve.name, sieve.rule(view, query) or "")


def is_cloud(view: RegionView) -> bool:
    """Overflow, not edge."""
    return view.region.tier is Tier.CLOUD


def is_edge(view: RegionView) -> bool:
    """Anything nearer than the cloud."""
    return not is_cloud(view)
