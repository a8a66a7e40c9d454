"""What may be chosen, as a type: regions that passed, and the reasons of those that did not.

An `EligibleSet` is the only thing that any chooser accepts. It knows the residency that it was sifted for and refuses
to exist with a region outside it, so that no later step can leak one back in.
"""

from collections.abc import Callable
from dataclasses import dataclass

from autorouter.core.errors import ResidencyBreachError
from autorouter.core.fleet import RegionView
from autorouter.core.names import Country, RegionName


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a region was not offered; shown to people as is."""

    region: RegionName
    rule: str
    detail: str


@dataclass(frozen=True, slots=True)
class EligibleSet:
    """Regions that may answer one query."""

    residency: frozenset[Country]
    views: tuple[RegionView, ...]

    def __post_init__(self) -> None:
        """Raise `ResidencyBreachError` for a region outside the countries that may see the data."""
        for view in self.views:
            if self.residency and view.region.country not in self.residency:
                raise ResidencyBreachError(view.region.name, view.region.country, self.residency)

    def where(self, keep: Callable[[RegionView], bool]) -> "EligibleSet":
        """The regions that *keep* accepts: a set can be narrowed, never widened."""
        return EligibleSet(self.residency, tuple(view for view in self.views if keep(view)))
