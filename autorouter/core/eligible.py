"""What may be chosen, as a type: regions that passed, and the reasons of those that did not.

An `EligibleSet` is the only thing that any chooser accepts. It knows the residency that it was sifted for and refuses
to exist with a region outside it, so that no later step can leak one back in.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from autorouter.core.errors import ResidencyBreachError
from autorouter.core.fleet import RegionView
from autorouter.core.names import Country, RegionName


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a region was not offered; shown to people as is."""

    region: RegionName
    rule: str
    detail: str


@dataclass(frozen=True, eq=False)
class EligibleSet:
    """Regions that may answer one query. Compared by identity, like the views it is made of."""

    residency: frozenset[Country]
    views: tuple[RegionView, ...]
    _split: dict[Country, "tuple[EligibleSet, EligibleSet]"] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        """Raise `ResidencyBreachError` for a region outside the countries that may see the data."""
        for view in self.views:
            if self.residency and view.region.country not in self.residency:
                raise ResidencyBreachError(view.region.name, view.region.country, self.residency)

    def where(self, keep: Callable[[RegionView], bool]) -> "EligibleSet":
        """The regions that *keep* accepts: a set can be narrowed, never widened."""
        return EligibleSet(self.residency, tuple(view for view in self.views if keep(view)))

    def split(self, country: Country) -> "tuple[EligibleSet, EligibleSet]":
        """The regions in *country*, and those abroad."""
        if country not in self._split:
            home = self.where(lambda view: view.region.country == country)
            self._split[country] = home, self.where(lambda view: view.region.country != country)
        return self._split[country]

    @cached_property
    def by_name(self) -> Mapping[RegionName, RegionView]:
        """The regions by name."""
        return {view.region.name: view for view in self.views}

    @cached_property
    def from_here(self) -> Sequence[RegionName]:
        """The regions by the router's own round trip, those it never reached last."""
        nowhere = float("inf")
        return sorted(self.by_name, key=lambda name: nowhere if (rtt := self.by_name[name].rtt) is None else rtt)
