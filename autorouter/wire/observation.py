"""A finding as one router tells it to the others, through Redis."""

from typing import Annotated, Literal

from pydantic import Field

from autorouter.wire.base import Name, Text, Wire
from autorouter.wire.node import ModelStatus


class ReportRecord(Wire):
    """A node's own account, as the router that probed it understood it."""

    boot_id: Name
    seq: Annotated[int, Field(ge=0)]
    version: Text
    models: Annotated[tuple[ModelStatus, ...], Field(max_length=256)] = ()


class ObservationRecord(Wire):
    """One observation. It carries no time: its place in the stream does."""

    schema_number: Annotated[int, Field(alias="schema", ge=1)] = 1
    router: Name
    region: Name
    node: Name
    outcome: Literal["ready", "degraded", "draining", "starting", "refused", "timed out", "unreachable", "garbled"]
    reason: Text = ""
    rtt_ms: Annotated[float, Field(ge=0, le=60_000)] | None = None
    report: ReportRecord | None = None
