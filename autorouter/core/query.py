"""What a client asks for, and who it is as far as routing may care."""

from dataclasses import dataclass
from enum import Enum

from autorouter.core.fleet import Tier
from autorouter.core.names import Country, ModelName, Network, RegionName
from autorouter.core.place import Coordinates
from autorouter.core.units import Kilometres, Millis


class Access(Enum):
    """How a client is attached; it bounds how well its place can be known."""

    FIXED = "fixed"
    WIFI = "wifi"
    MOBILE = "mobile"
    SATELLITE = "satellite"


class Scope(Enum):
    """A preference about borders; `RouteQuery.residency` is the rule about them."""

    COUNTRY = "country"
    """The client's own country first; the border is crossed only if it has no region left."""
    GLOBAL = "global"


class Priority(Enum):
    """Who waits first when room gets short."""

    INTERACTIVE = "interactive"
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks. The full address never gets here."""

    network: Network | None = None
    """None when no address was to be had."""
    at: Coordinates | None = None
    """Best guess of its place; None when nobody knows."""
    radius: Kilometres | None = None
    """How far off `at` may be; None when the source did not say."""
    country: Country | None = None
    asn: int | None = None
    access: Access = Access.FIXED
    source: str = "unknown"
    """Who said where it is: ``query``, ``networks``, ``geoip-city`` or ``unknown``."""
    named: bool = False
    """Whether ``networks:`` names its network, with a place or without: a private one may then be measured."""

    @property
    def measurable(self) -> bool:
        """Whether what is measured of its network is about this client where it is taken to be."""
        return self.network is not None and self.source != "query"


@dataclass(frozen=True, slots=True)
class RouteQuery:
    """One question to the router. The empty one is a good question."""

    client: Client
    models: frozenset[ModelName] = frozenset()
    """All of them must be had on one node; empty asks for no model in particular."""
    scope: Scope = Scope.COUNTRY
    residency: frozenset[Country] = frozenset()
    """Countries that may see the data; empty means any. Never relaxed."""
    budget: Millis | None = None
    """Longest acceptable time to start."""
    tiers: frozenset[Tier] = frozenset()
    only: frozenset[RegionName] = frozenset()
    exclude: frozenset[RegionName] = frozenset()
    previous: RegionName | None = None
    """Where the client is now: kept unless something else is clearly better."""
    concurrency: int = 1
    """Requests at once that this client will make."""
    priority: Priority = Priority.INTERACTIVE

    @property
    def constraints(self) -> "Constraints":
        """All that decides which regions may answer; nothing of who asks."""
        return self.models, self.residency, self.tiers, self.only, self.exclude


Constraints = tuple[
    frozenset[ModelName],
    frozenset[Country],
    frozenset[Tier],
    frozenset[RegionName],
    frozenset[RegionName],
]
"""What of a question the sieves look at."""
