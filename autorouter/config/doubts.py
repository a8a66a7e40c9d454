"""What regions.yaml may say and hardly means: few, and each with what will come of it. Nothing here is a fault."""

from collections.abc import Iterator
from itertools import combinations
from urllib.parse import urlsplit

from autorouter.core.address import parse
from autorouter.core.catalog import Catalog
from autorouter.core.fleet import Region, Stage
from autorouter.core.place import Coordinates, distance
from autorouter.core.units import Kilometres

SAME_PLACE = Kilometres(30.0)
"""Two regions this near are most likely in one country, or in two towns at a border."""

NOWHERE = Coordinates(0.0, 0.0)
"""In the Gulf of Guinea: what a form holds that nobody filled in."""


def doubts(catalog: Catalog) -> Iterator[str]:
    """What is likely a mistake."""
    if not any(each.stage is Stage.ACTIVE for each in catalog.regions):
        yield "no region is active: every client will be told that there is none"
    for cidr in catalog.trusted_proxies:
        if not cidr.prefixlen:
            yield "defaults.trusted_proxies: holds every address, so anybody may say where they come from"
    for each in catalog.regions:
        yield from _of(each)
    for one, other in combinations(catalog.regions, 2):
        if one.country != other.country and (km := distance(one.at, other.at)) < SAME_PLACE:
            lands = f"one in {one.country} and one in {other.country}"
            yield f"{one.name} and {other.name} are {km:.0f} km apart, {lands}: residency goes by country"


def _of(region: Region) -> Iterator[str]:
    if distance(region.at, NOWHERE) < SAME_PLACE:
        yield f"{region.name} is at 0, 0, in the sea: nobody will be near it"
    for url in dict.fromkeys([region.endpoint, *(each.endpoint for each in region.nodes if each.endpoint)]):
        parts = urlsplit(url)
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            yield f"{region.name}: {url} is not encrypted: what clients say, keys included, can be read on the way"


def _is_loopback(host: str) -> bool:
    found = parse(host)
    return host == "localhost" or (found is not None and found.is_loopback)
