"""What clients measured teaches about the others: corrections to the law, shrunk towards none while little is known.

Two kinds, kept apart because they do different things. A **region's offset**, as seen from one part of the world,
changes who is nearest: an undersea cable, a provider's detour. A **pool's** correction, common to the clients of one
provider in one country, changes every region alike, hence no ranking, only the number that is told; three quarters
of what the law misses is of this kind, and it would be chased as regions' offsets if it were not taken out of them
first.
"""

from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from statistics import median

from autorouter.core.names import Country, Network, RegionName
from autorouter.core.place import Cell, Vector, apart, middle
from autorouter.core.units import Kilometres

CLIP = 1.0
"""A residual counts up to this: a factor of e, beyond which something else is wrong."""

REACH = Kilometres(1500.0)
"""Distance at which what a cell learned counts half in another."""

FARTHEST = Kilometres(6000.0)
"""From which it counts for nothing: 6 % would be left."""

SHRINK = 2.0
"""Networks that have to agree before half of what they say is believed."""

MOST_VOICES = 32
"""Networks that one group remembers: the latest. More would sharpen it by less than its members differ."""

HONEST = 0.15
"""Spread of z among honest voices up to which three liars in ten move a pool's round trips by less than a tenth,
however they place their lies. Voices of real pools, of which three regions each were measured from where a database
has them, spread by 0.10 at the median; at the widest that was seen, 0.175, liars can move them by 12 %."""

LATELY = 7200
"""Turns for which a cell is kept up to date that nobody asks about: an hour."""

MOST_PASSING = 64
"""Cells remembered of those who say where they are; the whole world has 2,592, and one client can name them all."""

FEWEST = 3
"""Networks that a pool needs before it moves: one network can say anything."""


class Group:
    """What the latest networks of one kind said, one voice each."""

    def __init__(self) -> None:
        self._said: dict[Network, float] = {}
        self._centre: float | None = None

    def hear(self, network: Network, figure: float, *, hearsay: bool = False) -> None:
        """Take in what *network* says now, in place of what it said before. For *hearsay* nobody makes room."""
        if not hearsay:
            self._said.pop(network, None)
        elif network not in self._said and len(self._said) >= MOST_VOICES:
            return
        self._said[network] = figure
        self._centre = None
        if len(self._said) > MOST_VOICES:
            del self._said[next(iter(self._said))]

    @property
    def voices(self) -> int:
        """Networks heard."""
        return len(self._said)

    @property
    def centre(self) -> float:
        """The median of what was said.

        Three liars in ten move it by 0.57 standard deviations of the honest at the worst, which is where they all say
        a little more than most; no other estimate that treats all alike can promise less (Huber 1964). The middle of
        the densest half, which was here before, ignores who is far off, and follows who is not by twice as much.
        """
        if self._centre is None:
            self._centre = median(self._said.values())
        return self._centre


def clipped(residual: float) -> float:
    """*residual* as far as it counts."""
    return max(-CLIP, min(CLIP, residual))


@dataclass(frozen=True, slots=True)
class Pool:
    """Who a client is pooled with."""

    asn: int | None
    country: Country | None


class Offsets:
    """All groups. Written as networks are measured; read through a memory that `refresh` renews."""

    def __init__(self) -> None:
        self._regional: dict[Cell, dict[RegionName, Group]] = {}
        self._common: dict[Pool, Group] = {}
        self._typical: dict[RegionName, Group] = {}
        self._told: dict[Cell, Mapping[RegionName, float]] = {}
        self._passing: dict[Cell, Mapping[RegionName, float]] = {}
        self._asked: dict[Cell, int] = {}
        self._behind: list[Cell] = []
        self._heard: set[Country | None] = set()
        self._versions: Counter[Cell | Country | None] = Counter()
        self._turn = 0

    def hear_path(self, cell: Cell, region: RegionName, network: Network, residual: float) -> None:
        """*network*, which is in *cell*, missed the law to *region* by *residual* more than to other regions."""
        self._regional.setdefault(cell, {}).setdefault(region, Group()).hear(network, clipped(residual))

    def hear_line(self, pool: Pool, network: Network, residual: float, *, hearsay: bool = False) -> None:
        """*network*, which is of *pool*, missed the law by *residual* on the whole; *hearsay*: it says so itself."""
        for each in {pool, Pool(None, pool.country)}:
            self._common.setdefault(each, Group()).hear(network, clipped(residual), hearsay=hearsay)
        self._heard.add(pool.country)

    def hear_time(self, region: RegionName, network: Network, z: float) -> None:
        """*network* takes *z* to *region*, wherever it is."""
        self._typical.setdefault(region, Group()).hear(network, z)
        self._heard.add(None)

    def typical(self, region: RegionName) -> float | None:
        """What clients take to *region*, for one of which nothing is known; None if nobody was measured."""
        group = self._typical.get(region)
        return None if group is None else group.centre

    def common(self, pool: Pool) -> float:
        """What clients of *pool* miss the law by: the provider's figure as far as it is known, else the country's."""
        national = self._common.get(Pool(None, pool.country))
        told = 0.0 if national is None or national.voices < FEWEST else _shrunk(national, 2.0)
        own = self._common.get(pool)
        if pool.asn is None or own is None or own.voices < FEWEST:
            return told
        return told + (own.centre - told) * own.voices / (own.voices + 1.0)

    def seen_from(self, cell: Cell) -> Mapping[RegionName, float]:
        """Each region's offset for clients in *cell*, as of the latest refresh; from now on it is kept up to date."""
        self._asked[cell] = self._turn
        if cell not in self._told:
            self._told[cell] = self._interpolated(cell)
        return self._told[cell]

    def seen_in_passing(self, cell: Cell) -> Mapping[RegionName, float]:
        """The same for who may say any cell it likes, and should not make work for hours by that."""
        if cell in self._told:
            return self._told[cell]
        if cell not in self._passing:
            if len(self._passing) >= MOST_PASSING:
                del self._passing[next(iter(self._passing))]
            self._passing[cell] = self._interpolated(cell)
        return self._passing[cell]

    def version(self, cell: Cell | None, country: Country | None) -> tuple[int, int]:
        """Grows when what is told of *cell*, or of *country*'s pools, changes. None for who is nowhere."""
        if cell in self._asked:
            self._asked[cell] = self._turn
        return self._versions[cell], self._versions[country]

    def forget(self, regions: AbstractSet[RegionName]) -> None:
        """*regions* are other places now."""
        for groups in (*self._regional.values(), self._typical):
            for region in regions & groups.keys():
                del groups[region]
        for told in (self._told, self._passing, self._asked, self._behind):
            told.clear()

    def refresh(self, most: int) -> None:
        """Work out anew what *most* of the cells that are asked about are told; the next call goes on from there."""
        self._turn += 1
        if self._heard and not self._behind:
            self._begin()
        for _ in range(min(most, len(self._behind))):
            cell = self._behind.pop()
            told = self._interpolated(cell)
            if told != self._told[cell]:
                self._told[cell] = told
                self._versions[cell] += 1

    def _begin(self) -> None:
        """A new round: over all cells that were asked about lately."""
        for cell, asked in tuple(self._asked.items()):
            if self._turn - asked > LATELY:
                del self._told[cell], self._asked[cell]
        for changed in (*self._heard, *self._passing):
            self._versions[changed] += 1
        self._heard.clear()
        self._passing.clear()
        self._behind = list(self._told)

    def _interpolated(self, cell: Cell) -> Mapping[RegionName, float]:
        """The mean of what all cells say, each weighed by its voices and by how near it is."""
        sums: dict[RegionName, tuple[float, float]] = {}
        here = middle(cell)
        for there, groups in self._regional.items():
            if weight := _weight(here, there):
                for region, group in groups.items():
                    total, weights = sums.get(region, (0.0, SHRINK))
                    counted = weight * group.voices
                    sums[region] = total + counted * group.centre, weights + counted
        return {region: total / weights for region, (total, weights) in sums.items()}


def _weight(here: Vector, cell: Cell) -> float:
    km = apart(here, middle(cell))
    return 0.0 if km > FARTHEST else 1 / (1 + (km / REACH) ** 2)


def _shrunk(group: Group, by: float) -> float:
    return group.centre * group.voices / (group.voices + by)
