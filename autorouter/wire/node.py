"""What a node agent tells the router: the answer to ``GET /v1/node/status``."""

from typing import Annotated, Literal

from pydantic import Field

from autorouter.wire.base import Count, Load, Name, Text, Wire

Total = Annotated[int, Field(ge=0, le=2**53)]
"""Counted since the start."""

ModelState = Literal["cold", "loading", "ready", "unloading", "failed"]
"""``ready`` takes requests at once; for what is ``cold`` (it is loaded for who asks) or ``loading`` they wait.
``failed`` says that the engine holds the model but it does not answer."""

MOST_RTTS = 200
"""Networks in one report: 20 KB, beside the 32 KB of 256 models."""

MOST_ALIASES = 16
"""Of one model."""

MOST_USAGE = 64
"""Hours in one report: 16 KB."""

Amount = Annotated[float, Field(ge=0, le=2**53)]

NodeHealth = Literal["starting", "ready", "degraded", "draining"]
"""The node's own word. ``starting``: nothing can be served yet. ``degraded``: something can, not everything.
``draining``: finishing old requests, taking no new ones."""


Measured = Annotated[float, Field(ge=0, le=3_600_000)]


class Quantiles(Wire):
    """What so many of a hundred of the latest requests did not exceed, in ms."""

    p50: Measured
    p90: Measured
    p99: Measured
    n: Count
    """How many there were."""


class ModelStatus(Wire):
    """One model on one node."""

    name: Name
    aliases: Annotated[tuple[Name, ...], Field(max_length=MOST_ALIASES)] = ()
    """Other names that clients call it by."""
    version: Text
    state: ModelState
    slots: Count
    """Requests it can serve at once. A node may find by measuring that these are fewer than configured, and later
    that they are more again."""
    busy: Load
    """Requests being served, on average over the latest two seconds or so, whoever asks and however often."""
    queued: Load
    """Requests admitted that wait for a slot, likewise."""
    service_ms: Annotated[float, Field(ge=0, le=3_600_000)] = 0.0
    """Mean time a request holds its slot; 0 while none has finished."""
    load_ms: Annotated[float, Field(ge=0, le=3_600_000)] = 0.0
    """Expected time until it is ready, for who asks for it now; 0 if it is, or if nobody knows."""
    ttft_ms: Quantiles | None = None
    """Time to first token: from a request's arrival to the first of its answer. None while there were none."""
    tpot_ms: Quantiles | None = None
    """Time per output token: mean time of each later one, likewise."""
    served: Total = 0
    """Requests that ended well since the agent's start …"""
    failed: Total = 0
    """… and those that the model failed: not those that were turned away, cancelled, or the caller's own fault."""


class NetworkRtt(Wire):
    """Round trips of one client network's connections to this node, as the node's kernel measured them."""

    network: Annotated[str, Field(max_length=48)]
    """The /24 or /48 that connected; nothing finer leaves the node."""
    via: Annotated[str, Field(max_length=16)]
    """``served``: connections that came to be served. ``probe``: those that came with a ticket, to be measured.
    A reader skips what it does not know."""
    rtt_ms: Annotated[float, Field(ge=0, le=60_000)]
    """Median of the latest."""
    n: Annotated[int, Field(ge=1, le=1_000_000)]
    """How many connections the median is of."""
    age_s: Annotated[float, Field(ge=0)]
    """Since the latest of them."""


class UsageRow(Wire):
    """What one key used of one model in one hour: all of that hour, to be put in the place of what was told of it."""

    hour: Annotated[int, Field(ge=0, le=2**40)]
    """Unix seconds of its first moment."""
    region: Name
    key: Annotated[str, Field(max_length=128)]
    """The key's name; empty where the node is open to all."""
    model: Name
    requests: Total = 0
    prompt_tokens: Total = 0
    answer_tokens: Total = 0
    heard_s: Amount = 0.0
    characters: Total = 0
    cost_usd: Amount = 0.0


class NodeReport(Wire):
    """One node's own account of itself."""

    schema_number: Annotated[int, Field(alias="schema", ge=1)] = 1
    node: Name
    region: Name
    boot_id: Name
    """New at each start of the agent, so that a restart is told from a step back in *seq*."""
    seq: Annotated[int, Field(ge=0)]
    """Grows by one with each report of one boot."""
    health: NodeHealth
    reason: Text = ""
    """Why the node is not ``ready``; empty when it is."""
    agent: Text
    """The agent's version."""
    models: Annotated[tuple[ModelStatus, ...], Field(max_length=256)] = ()
    rtts: Annotated[tuple[NetworkRtt, ...], Field(max_length=MOST_RTTS)] = ()
    """Networks measured since the cursor that ``?since=`` gave, oldest change first; those that do not fit come next
    time."""
    rtts_upto: Annotated[int, Field(ge=0, le=2**53)] = 0
    """The cursor to ask with next. It belongs to this boot."""
    usage: Annotated[tuple[UsageRow, ...], Field(max_length=MOST_USAGE)] = ()
    """Hours whose usage changed since the cursor that ``?usage_since=`` gave, oldest change first; those that do not
    fit come next time."""
    usage_upto: Annotated[int, Field(ge=0, le=2**53)] | None = None
    """The cursor to ask with next, of any boot. None: the node is of a version that keeps no usage."""
