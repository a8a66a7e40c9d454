"""What no shape can say about regions.yaml: names that clash, places that are none, targets that are forbidden."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit

from autorouter.config.document import Path
from autorouter.config.shape import FileShape, NetworkShape, RegionShape
from autorouter.core.address import block, is_private
from autorouter.core.address import parse as parse_address
from autorouter.core.countries import ALL, MEANT
from autorouter.core.policies import POLICIES
from autorouter.core.words import meant, shown

Fault = tuple[Path, str]

HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*")
"""RFC 1123, lower case as urlsplit gives it."""

A_BASE_URL = "a base URL without a path, such as https://api.yto-01.example"


def faults(shape: FileShape) -> Iterator[Fault]:
    """Everything wrong with *shape*, each with the path it stands at."""
    if shape.policy not in POLICIES:
        choices = ", ".join(POLICIES)
        yield ("policy",), f"found {shown(shape.policy)}, expected one of {choices}{meant(shape.policy, POLICIES)}"
    yield from _clashes(shape)
    for i, region in enumerate(shape.regions):
        yield from _in_region(("regions", i), region)
    for i, network in enumerate(shape.networks):
        yield from _in_network(("networks", i), network)
    for i, cidr in enumerate(shape.defaults.trusted_proxies):
        yield from _cidr(("defaults", "trusted_proxies", i), cidr)


def _clashes(shape: FileShape) -> Iterator[Fault]:
    """Names are looked up in any case, so they must differ in more than case; an endpoint is one jurisdiction's."""
    regions, nodes, endpoints, blocks = dict[str, str](), dict[str, str](), dict[str, str](), dict[str, str]()
    for i, region in enumerate(shape.regions):
        here: Path = ("regions", i)
        yield from _taken(regions, region.id, (*here, "id"), region.id)
        yield from _taken(endpoints, region.endpoint, (*here, "endpoint"), region.id)
        for j, alias in enumerate(region.aliases):
            yield from _taken(regions, alias, (*here, "aliases", j), region.id)
        for j, node in enumerate(region.nodes):
            yield from _taken(nodes, node.id, (*here, "nodes", j, "id"), region.id)
            if node.endpoint is not None and node.endpoint != region.endpoint:
                yield from _taken(endpoints, node.endpoint, (*here, "nodes", j, "endpoint"), region.id)
    for i, network in enumerate(shape.networks):
        yield from _taken(blocks, network.cidr, ("networks", i, "cidr"), f"networks[{i}]")


def _taken(names: dict[str, str], name: str, path: Path, owner: str) -> Iterator[Fault]:
    if name.lower() in names:
        yield path, f"{name!r} is already taken by {names[name.lower()]}"
    names.setdefault(name.lower(), owner)


def _in_region(path: Path, region: RegionShape) -> Iterator[Fault]:
    yield from _country((*path, "country"), region.country)
    yield from _url((*path, "endpoint"), region.endpoint, region)
    if not region.nodes and region.stage != "planned":
        yield (*path, "nodes"), f"found none, expected at least one: {region.id} is {region.stage}, not planned"
    for i, node in enumerate(region.nodes):
        yield from _url((*path, "nodes", i, "agent"), node.agent, region, probed=True)
        if node.endpoint is not None:
            yield from _url((*path, "nodes", i, "endpoint"), node.endpoint, region)


def _in_network(path: Path, network: NetworkShape) -> Iterator[Fault]:
    yield from _cidr((*path, "cidr"), network.cidr)
    if network.country is not None:
        yield from _country((*path, "country"), network.country)
    if (network.latitude is None) != (network.longitude is None):
        there, missing = ("latitude", "longitude") if network.longitude is None else ("longitude", "latitude")
        yield (*path, there), f"found no {missing} beside it, expected both or neither"


def _country(path: Path, found: str) -> Iterator[Fault]:
    if found not in ALL:
        hint = f"; did you mean {MEANT[found]!r}?" if found in MEANT else ""
        yield path, f"found {found!r}, expected an ISO 3166 country code, such as CA{hint}"


def _cidr(path: Path, found: str) -> Iterator[Fault]:
    if block(found) is None:
        yield path, f"found {shown(found)}, expected a network in CIDR notation, such as 203.0.113.0/24"


def _url(path: Path, found: str, region: RegionShape, *, probed: bool = False) -> Iterator[Fault]:
    parts = _parts(found)
    if "@" in found:
        yield path, f"found credentials in a URL, expected {A_BASE_URL}"
    elif parts is None:
        yield path, f"found {shown(found)}, expected {A_BASE_URL}"
    elif parts.scheme == "http" and not region.allow_http:
        yield path, f"found {shown(found)}, expected https; say 'allow_http: true' in {region.id} to allow http"
    elif probed and not region.allow_private and _private(parts.hostname or ""):
        yield path, f"found {shown(found)}, a private address; say 'allow_private: true' in {region.id} to allow it"


def _parts(url: str) -> SplitResult | None:
    """The parts of a base URL; None for anything that is not one."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    bare = url == f"{parts.scheme}://{parts.netloc}" and "@" not in url and port != 0
    return parts if parts.scheme in ("http", "https") and bare and _is_host(parts.hostname or "") else None


def _is_host(name: str) -> bool:
    """Whether *name* is an address, or a name that DNS could hold."""
    return len(name) <= 253 and (parse_address(f"[{name}]") is not None or HOST.fullmatch(name) is not None)


def _private(name: str) -> bool:
    address = parse_address(name) if ":" not in name else parse_address(f"[{name}]")
    return name == "localhost" or (address is not None and is_private(address))
