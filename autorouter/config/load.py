"""From a file to a `Catalog`: shape first, then what no shape can say, then core values."""

from pathlib import Path as File

from pydantic import ValidationError

from autorouter.config.document import read
from autorouter.config.errors import ConfigError
from autorouter.config.rules import faults
from autorouter.config.shape import FileShape, NetworkShape, RegionShape
from autorouter.config.told import told
from autorouter.core.address import Block, block
from autorouter.core.catalog import Catalog
from autorouter.core.fleet import Node, Region, Stage, Tier
from autorouter.core.names import Country, ModelName, NodeName, RegionName
from autorouter.core.networks import KnownNetwork
from autorouter.core.place import Coordinates
from autorouter.core.query import Access
from autorouter.core.units import Millis, Seconds


def load(path: File) -> Catalog:
    """The catalog in the file at *path*. Raises `ConfigError` with every fault found."""
    try:
        text = path.read_bytes().decode()
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path}: byte {exc.start} is not UTF-8") from exc
    return parse(text, path.name)


def parse(text: str, name: str) -> Catalog:
    """The catalog that *text* describes; *name* is what errors call it."""
    document = read(text, name)
    try:
        shape = FileShape.model_validate(document.value)
    except ValidationError as exc:
        raise ConfigError(*(told(document, error) for error in exc.errors())) from exc
    if found := [document.fault(path, message) for path, message in faults(shape)]:
        raise ConfigError(*found)
    return _catalog(shape)


def _catalog(shape: FileShape) -> Catalog:
    defaults = shape.defaults
    return Catalog(
        regions=tuple(map(_region, shape.regions)),
        policy=shape.policy,
        networks=tuple(map(_network, shape.networks)),
        trusted_proxies=tuple(map(_block, defaults.trusted_proxies)),
        probe_every=Seconds(defaults.probe_every_s),
        ttl=Seconds(defaults.ttl_s),
        budget=Millis(defaults.budget_ms),
    )


def _region(shape: RegionShape) -> Region:
    return Region(
        name=RegionName(shape.id),
        title=shape.name,
        at=Coordinates(shape.latitude, shape.longitude),
        country=Country(shape.country),
        tier=Tier(shape.tier),
        stage=Stage(shape.stage),
        endpoint=shape.endpoint,
        nodes=tuple(Node(NodeName(each.id), each.agent, each.endpoint) for each in shape.nodes),
        aliases=frozenset(shape.aliases),
        slots=shape.slots,
        models=None if shape.models is None else frozenset(map(ModelName, shape.models)),
        allow_private=shape.allow_private,
    )


def _network(shape: NetworkShape) -> KnownNetwork:
    placed = shape.latitude is not None and shape.longitude is not None
    return KnownNetwork(
        block=_block(shape.cidr),
        at=Coordinates(shape.latitude or 0.0, shape.longitude or 0.0) if placed else None,
        country=Country(shape.country) if shape.country else None,
        asn=shape.asn,
        access=Access(shape.access) if shape.access else None,
    )


def _block(cidr: str) -> Block:
    found = block(cidr)
    assert found is not None, f"{cidr} passed the rules"  # noqa: S101 - `faults` has looked at every CIDR
    return found
