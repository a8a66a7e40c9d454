"""What is believed of a client network's round trips before any of them is measured."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from autorouter.core.latency.globe import Globe
from autorouter.core.latency.law import RTTS, STEP, ZS, rtt_of, spreads_within, z_of
from autorouter.core.latency.offsets import Offsets, Pool
from autorouter.core.names import RegionName
from autorouter.core.place import Cell, cell_of, vector
from autorouter.core.query import Access, Client
from autorouter.core.units import Kilometres, Millis

RADIUS_OF: Mapping[Access, Kilometres] = {
    Access.FIXED: Kilometres(100.0),
    Access.WIFI: Kilometres(100.0),
    Access.MOBILE: Kilometres(250.0),
    Access.SATELLITE: Kilometres(2000.0),
}
"""How far off a place is at least: mobile operators pool addresses nationwide. Fixed ones hold only where the source
of the place does not say."""

RADIUS_STRETCH = 1.5
"""Databases state the radius of one half of their errors; this makes it one standard deviation, nearly."""

AROUND = Kilometres(200.0)
"""Radius within which a client is looked for around a region: they stand where people are."""

WIDEST = 0.60
"""Spread of z where nothing is known: that of the law at its least certain."""

FARTHEST = Millis(150.0)
"""Taken for a region that nobody was ever seen to reach: half a world away, until measured."""


def radius_of(client: Client) -> Kilometres:
    """One standard deviation of the error of the client's place."""
    least = RADIUS_OF[client.access]
    if client.radius is None:
        return least
    stated = Kilometres(client.radius * RADIUS_STRETCH)
    return max(stated, least) if client.access in (Access.MOBILE, Access.SATELLITE) else stated


def _seen(offsets: Offsets, client: Client, cell: Cell | None) -> Mapping[RegionName, float]:
    if cell is None:
        return {}
    return offsets.seen_in_passing(cell) if client.source == "query" else offsets.seen_from(cell)


class Guess(NamedTuple):
    """What is guessed of one path."""

    law: Millis
    """By distance alone."""
    mean: float
    """Of z."""
    spread: float
    """Of z, one standard deviation."""


class Prior:
    """Mean and spread of z, region by region. *own* are the router's own round trips, for clients who are nowhere."""

    def __init__(self, client: Client, globe: Globe, offsets: Offsets, own: Mapping[RegionName, Millis]) -> None:
        self._client = client
        self._globe = globe
        self._teachings = offsets
        self._own = own
        self._at = None if client.at is None else vector(client.at)
        self._spreads = spreads_within(int(radius_of(client) / STEP))
        self._cell = None if client.at is None else cell_of(client.at)
        self._version = offsets.version(self._cell, client.country)
        self._offsets = _seen(offsets, client, self._cell)
        self._common = offsets.common(Pool(client.asn, client.country))

    def moved(self, number: int) -> "Prior":
        """The prior of the same client, were it where a region is, give or take `AROUND`."""
        at = self._globe.regions[number].at
        moved = replace(self._client, at=at, radius=AROUND, access=Access.FIXED)
        return Prior(moved, self._globe, self._teachings, self._own)

    @property
    def holds(self) -> bool:
        """Whether nothing was learned since that changes it."""
        return self._version == self._teachings.version(self._cell, self._client.country)

    @property
    def placed(self) -> bool:
        """Whether anything is known of where the client is."""
        return self._at is not None

    def of(self, number: int) -> Guess:
        """What is guessed of the path to one region."""
        name = self._globe.names[number]
        if self._at is None:
            z = self._nowhere(name)
            return Guess(rtt_of(z), z, WIDEST)
        i = self._globe.row(self._at, number)
        return Guess(RTTS[i], ZS[i] + self._offsets.get(name, 0.0) + self._common, self._spreads[i])

    def _nowhere(self, name: RegionName) -> float:
        """The mean over the clients that were measured to it, else what the router itself sees of it."""
        typical = self._teachings.typical(name)
        return z_of(self._own.get(name, FARTHEST)) if typical is None else typical
