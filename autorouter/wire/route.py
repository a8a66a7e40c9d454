"""What the router answers to ``GET /v1/route``."""

from typing import Literal

from autorouter.wire.base import Wire
from autorouter.wire.problem import Problem


class Alternate(Wire):
    """Where to go if the first choice fails, in this order."""

    region: str
    endpoint: str
    rtt_ms: float


class ProbeAsked(Wire):
    """A region that the client is asked to let itself be measured by."""

    region: str
    url: str
    """To be fetched once, over a new connection, when the client has nothing else to do. The node measures, and the
    answer is empty; a client that does not do it loses nothing but a better answer next time."""


class RouteAnswer(Wire):
    """Where to go. The first four members are what PolarGrid's own client reads.

    A client MUST NOT go to ``endpoint`` for longer than ``ttl`` seconds without asking again, unless the router
    cannot be reached. It SHOULD try ``alternates`` in the order given, at once, when the endpoint refuses, resets,
    or answers 429 or 503. It appends its own path (``/v1/…``) to the endpoint, which has none and no trailing slash.
    """

    region: str
    name: str
    endpoint: str
    ttl: int
    """Seconds; always above 0."""
    rtt_ms: float
    rtt_spread_ms: float
    """One standard deviation of what the router may be off by."""
    rtt_source: Literal["measured", "estimated", "unknown"]
    alternates: tuple[Alternate, ...] = ()
    """At most three."""
    degraded: bool | None = None
    """True when only degraded or full regions were left; absent otherwise."""
    probe: ProbeAsked | None = None
    """Absent when nothing more is to be learned of this client, or nobody can check a ticket."""


class ClientSeen(Wire):
    """The asker as the router sees it."""

    network: str | None
    latitude: float | None
    longitude: float | None
    radius_km: float | None
    country: str | None
    asn: int | None
    access: str
    source: str


class Measured(Wire):
    """What was measured between the client's network and a region."""

    rtt_ms: float
    """Median of the latest."""
    n: int
    age_s: float
    source: str
    """``served``, ``probe`` or ``reported``."""


class Exploring(Wire):
    """What is worth measuring next, and why."""

    region: str
    saving_ms: float
    """Expected."""
    why: str


class Ranked(Wire):
    """One eligible region with its price in parts, in ms."""

    region: str
    endpoint: str
    nodes: tuple[str, ...]
    time_to_start_ms: float
    rtt_ms: float
    rtt_spread_ms: float
    rtt_source: str
    law_ms: float | None = None
    """What distance alone says …"""
    prior_ms: float | None = None
    """… and corrected by what other clients measured, before this one was."""
    measured: Measured | None = None
    """What this client's network was measured to take; ``rtt_ms`` is what both together make likely."""
    wait_ms: float
    load_ms: float = 0.0
    """The part of the wait that is the load of models that are cold."""
    headroom: float
    slots: float | None = None
    """Requests at once that it is good for now …"""
    taken: float | None = None
    """… and those that it is taken to have: reported, promised since, and this client's own."""
    """Free share of its slots, 0 to 1."""
    abroad: bool
    health: str
    why: str


class Rejected(Wire):
    """One region that was not offered, and the rule that stopped it."""

    region: str
    rule: str
    detail: str


class Explained(Wire):
    """Why an answer is what it is: the whole decision."""

    because: str
    """In one sentence …"""
    story: tuple[str, ...] = ()
    """… and in a few, for people: what was chosen, why nothing else was, and what keeps the nearest from being it."""
    client: ClientSeen
    policy: str
    revision: int
    """Which snapshot of the fleet was decided on; grows with every finding."""
    age_s: float
    """How old that snapshot was."""
    ranked: tuple[Ranked, ...]
    rejected: tuple[Rejected, ...]
    exploring: Exploring | None = None
    """The region that is worth measuring, whether or not this router can ask for it."""


class ExplainedAnswer(RouteAnswer):
    """The answer to ``GET /v1/route?explain=1``."""

    explain: Explained


class NoRegionProblem(Problem):
    """503: the question is a good one and nothing may answer it now."""

    rejected: tuple[Rejected, ...]
    explain: Explained | None = None


class UnknownModelProblem(Problem):
    """404: a model that no region and no node has."""

    models: tuple[str, ...]
    """Those that exist."""
