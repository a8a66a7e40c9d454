"""What the router tells of the fleet: ``GET /v1/regions`` and ``GET /v1/models``."""

from typing import Literal

from autorouter.wire.base import Wire
from autorouter.wire.hold import HoldTold
from autorouter.wire.node import Quantiles


class ModelSeen(Wire):
    """One model on one node, as last reported."""

    model: str
    version: str
    state: str
    slots: int
    busy: float
    queued: float
    load_ms: float = 0.0
    """Expected time until it is ready, for who asks; 0 if it is, or if nobody knows."""


class NodeSeen(Wire):
    """One node as observed."""

    node: str
    health: str
    reason: str
    draining: bool
    rtt_ms: float | None
    """Median of this router's own latest round trips, by the kernel."""
    seen_s_ago: float | None
    since_s_ago: float | None
    """How long its health has been what it is."""
    agent: str
    models: tuple[ModelSeen, ...]
    holds: tuple[HoldTold, ...] = ()
    """Those on this node alone."""


class RegionSeen(Wire):
    """One region: what is configured and what is observed."""

    region: str
    name: str
    aliases: tuple[str, ...]
    latitude: float
    longitude: float
    country: str
    tier: str
    stage: str
    endpoint: str
    health: str
    reason: str
    rtt_ms: float | None
    nodes: tuple[NodeSeen, ...]
    holds: tuple[HoldTold, ...] = ()
    """Operators' words that it takes no new clients for now."""


class RegionsAnswer(Wire):
    """The answer to ``GET /v1/regions``."""

    revision: int
    age_s: float
    regions: tuple[RegionSeen, ...]


class ModelOffered(Wire):
    """A model in OpenAI's list shape, with the regions where it can be had now."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    owned_by: str = "autorouter"
    root: str = ""
    """The same as `id`: PolarGrid's client will have it."""
    regions: tuple[str, ...] = ()
    pg_regions: tuple[str, ...] = ()
    """The same as `regions`, by PolarGrid's name."""


class ModelEndpoint(Wire):
    """One node that knows a model."""

    region: str
    name: str
    """The region's, for people."""
    node: str
    endpoint: str
    """Where clients reach it; its region's, and others' too, unless the node has one of its own."""
    offered: bool
    """Whether clients are sent there for this model now."""
    why: str = ""
    """Why they are not; empty if they are, and from those who are too old to say so."""
    health: str
    state: str
    version: str
    slots: int
    busy: float
    queued: float
    load_ms: float
    """Expected time until it is ready, for who asks; 0 if it is, or if nobody knows."""
    service_ms: float
    """Mean time that a request holds its slot; 0 while none has finished."""
    ttft_ms: Quantiles | None
    """Time to first token at the node, of the latest requests: without the way there. None while there were none."""
    tpot_ms: Quantiles | None
    """Time per output token, likewise."""
    rtt_ms: float | None
    """Between this router and the node, not the client's."""
    seen_s_ago: float | None


class EndpointsAnswer(Wire):
    """The answer to ``GET /v1/models/{id}/endpoints``: where a model is, wherever it can be had or not."""

    id: str
    endpoints: tuple[ModelEndpoint, ...]


class ModelsAnswer(Wire):
    """The answer to ``GET /v1/models``: everything that exists, ready or not."""

    object: Literal["list"] = "list"
    data: tuple[ModelOffered, ...]
