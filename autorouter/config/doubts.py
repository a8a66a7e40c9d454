"""What regions.yaml may say and hardly means: few, and each with what will come of it. Nothing here is a fault."""

from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from autorouter.core.address import parse
from autorouter.core.catalog import Catalog
from autorouter.core.fleet import Region, Stage
from autorouter.core.lands import may_be_in, meant
from autorouter.core.place import Coordinates, distance
from autorouter.core.units import Kilometres

SAME_PLACE = Kilometres(30.0)
"""Two regions this near are most likely in one country, or in two towns at a border."""

DEGREES = SAME_PLACE / 111.0
"""The same from north to south."""

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
    yield from _same_agents(catalog)
    for one, other in _near(catalog.regions):
        if one.country != other.country and (km := distance(one.at, other.at)) < SAME_PLACE:
            lands = f"one in {one.country} and one in {other.country}"
            yield f"{one.name} and {other.name} are {km:.0f} km apart, {lands}: residency goes by country"


def _near(regions: Iterable[Region]) -> Iterator[tuple[Region, Region]]:
    """Pairs within `SAME_PLACE` by latitude: of 10,000 regions there are too many pairs to look at."""
    ranked = sorted(regions, key=lambda each: each.at.latitude)
    for i, one in enumerate(ranked):
        for other in map(ranked.__getitem__, range(i + 1, len(ranked))):
            if other.at.latitude - one.at.latitude > DEGREES:
                break
            yield one, other


def _same_agents(catalog: Catalog) -> Iterator[str]:
    """One machine under two names: its slots would count twice."""
    first: dict[str, str] = {}
    for name, (_, node) in catalog.nodes.items():
        if (known := first.setdefault(node.agent, name)) != name:
            yield f"{known} and {name} have the same agent, {node.agent}: one machine would count twice"


def _of(region: Region) -> Iterator[str]:
    if distance(region.at, NOWHERE) < SAME_PLACE:
        yield f"{region.name} is at 0, 0, in the sea: nobody will be near it"
    elif not may_be_in(region.country, region.at):
        yield _elsewhere(region)
    for url in dict.fromkeys([region.endpoint, *(each.endpoint for each in region.nodes if each.endpoint)]):
        parts = urlsplit(url)
        if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            yield f"{region.name}: {url} is not encrypted: what clients say, keys included, can be read on the way"


def _elsewhere(region: Region) -> str:
    at, right = region.at, meant(region.country, region.at)
    hint = f"; did you mean {right.latitude:g}, {right.longitude:g}?" if right else ""
    return f"{region.name} is at {at.latitude:g}, {at.longitude:g}, which is not in {region.country}{hint}"


def _is_loopback(host: str) -> bool:
    found = parse(host)
    return host == "localhost" or (found is not None and found.is_loopback)
