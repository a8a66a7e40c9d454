"""Where the regions are, as numbers that an estimate needs again and again. Made once for a catalog."""

from collections.abc import Mapping, Sequence
from math import asin, exp, sqrt

from autorouter.core.fleet import Region
from autorouter.core.latency.law import ROWS, STEP
from autorouter.core.names import RegionName
from autorouter.core.place import EARTH_RADIUS_KM, Cell, Coordinates, Vector, apart, middle, vector
from autorouter.core.units import Kilometres

KINSHIP_KM = Kilometres(600.0)
"""Paths to two regions this far apart share 1/e of what they share if the regions stand side by side."""


ROWS_PER_RADIAN = 2 * EARTH_RADIUS_KM / STEP
"""Rows of the law by half the angle between two places."""


class Globe:
    """The regions of one catalog, numbered in its order."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self.regions: Sequence[Region] = tuple(regions)
        self.names: Sequence[RegionName] = tuple(region.name for region in regions)
        self.number: Mapping[RegionName, int] = {name: i for i, name in enumerate(self.names)}
        self.places: Sequence[Vector] = tuple(vector(region.at) for region in regions)
        self.at: Mapping[RegionName, Coordinates] = {region.name: region.at for region in regions}
        self._kinships: dict[int, Sequence[float]] = {}
        self._orders: dict[Cell, Sequence[int]] = {}

    def distance(self, at: Vector, number: int) -> Kilometres:
        """From *at* to a region."""
        return apart(at, self.places[number])

    def row(self, at: Vector, number: int) -> int:
        """The row of the law for the path from *at* to a region: `distance` without its calls: there are many."""
        x, y, z = self.places[number]
        half = 0.5 - 0.5 * (at[0] * x + at[1] * y + at[2] * z)
        return int(asin(sqrt(half)) * ROWS_PER_RADIAN + 0.5) if 0.0 < half < 1.0 else int(half + 0.5) * (ROWS - 1)

    def kinship(self, number: int) -> Sequence[float]:
        """How much of what the law misses each region shares with this one because they are near: 1 for itself."""
        if number not in self._kinships:
            here = self.places[number]
            self._kinships[number] = tuple(exp(-apart(here, there) / KINSHIP_KM) for there in self.places)
        return self._kinships[number]

    def by_distance(self, cell: Cell) -> Sequence[int]:
        """Every region, the one nearest to the middle of *cell* first."""
        if cell not in self._orders:
            here = middle(cell)
            self._orders[cell] = sorted(range(len(self.places)), key=lambda number: apart(here, self.places[number]))
        return self._orders[cell]
