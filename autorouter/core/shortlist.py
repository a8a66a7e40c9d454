"""From all that may answer to the few that can matter to one client: thousands of regions cost what dozens do.

A region that is not among the nearest by distance, was never measured for this client and is not where it is now,
would have to beat many nearer ones against the law of distance; nobody is sent that far on a guess.
"""

from collections.abc import Callable, Iterable
from itertools import chain, islice

from autorouter.core.eligible import EligibleSet
from autorouter.core.fleet import RegionView
from autorouter.core.latency.globe import Globe
from autorouter.core.names import RegionName
from autorouter.core.place import cell_of
from autorouter.core.query import Client

MOST = 16
"""Regions that are priced for one answer. With 12, 24 or 32 of them clients were steered equally well, over 24 and 30
regions."""


def shortlist(
    eligible: EligibleSet,
    client: Client,
    globe: Globe,
    known: Iterable[RegionName],
    *wants: Callable[[RegionView], bool],
) -> EligibleSet:
    """The `MOST` nearest of *eligible*, and those of them that are *known* whatever their distance.

    For each of *wants* that none of the nearest fulfils, as many more that do.
    """
    if len(eligible.views) <= MOST:
        return eligible
    there = eligible.by_name

    def nearest_of(fulfils: Callable[[RegionView], bool]) -> list[RegionName]:
        by_distance = (name for name in _by_distance(eligible, client, globe) if name in there)
        return list(islice((name for name in by_distance if fulfils(there[name])), MOST))

    nearest = nearest_of(lambda _: True)
    for fulfils in wants:
        if not any(fulfils(there[name]) for name in nearest):
            nearest += nearest_of(fulfils)
    kept = dict.fromkeys(chain(nearest, (name for name in known if name in there)))
    return EligibleSet(eligible.residency, tuple(there[name] for name in kept))


def _by_distance(eligible: EligibleSet, client: Client, globe: Globe) -> Iterable[RegionName]:
    if client.at is None:
        return eligible.from_here
    return map(globe.names.__getitem__, globe.by_distance(cell_of(client.at)))
