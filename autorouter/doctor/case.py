"""What is looked at: the options that a router would be given, and what they lead to."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autorouter.config import ConfigError, load
from autorouter.core.catalog import Catalog
from autorouter.core.fleet import Node, Region
from autorouter.core.schedule import probed
from autorouter.wire.finding import Finding
from autorouter.wire.key import Key, keys


@dataclass(frozen=True, slots=True)
class Options:
    """As `serve` has them."""

    regions: Path
    host: str = "127.0.0.1"
    port: int = 8080
    redis_url: str | None = None
    geoip: Path | None = None
    geoip_asn: Path | None = None
    state: Path | None = None
    admin: str | None = None
    secret: str = ""
    """What AUTOROUTER_KEY says."""


@dataclass(frozen=True, slots=True)
class Case:
    """One examination."""

    options: Options
    catalog: Catalog | None
    """None if regions.yaml has none."""
    fault: str = ""
    """Why it has none."""
    keys: tuple[Key, ...] = ()

    @property
    def regions(self) -> tuple[Region, ...]:
        """Those that are in use: what is only planned is no one's business yet."""
        return tuple(region for region in self.catalog.regions if probed(region)) if self.catalog else ()

    @property
    def nodes(self) -> tuple[tuple[Region, Node], ...]:
        """Their nodes."""
        return tuple((region, node) for region in self.regions for node in region.nodes)


Check = Callable[[Case], Awaitable[Sequence[Finding]]]


def opened(options: Options) -> Case:
    """The case of *options*; what cannot be read is no error here, but something to find."""
    try:
        shared = keys(options.secret)
    except ValueError:
        shared = ()
    try:
        return Case(options, load(options.regions), keys=shared)
    except ConfigError as exc:
        return Case(options, None, str(exc), shared)
