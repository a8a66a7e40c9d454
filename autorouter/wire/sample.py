"""What routers tell each other of clients' round trips, what they keep, and what clients report."""

from typing import Annotated

from pydantic import Field

from autorouter.wire.base import Name, Wire

Cidr = Annotated[str, Field(max_length=48)]
"""A client network: a /24 or a /48, never finer."""

Milliseconds = Annotated[float, Field(gt=0, le=60_000)]
Word = Annotated[str, Field(max_length=16)]


class SampleRecord(Wire):
    """One measurement, as one router tells it to the others. It carries an age: clocks differ."""

    schema_number: Annotated[int, Field(alias="schema", ge=1)] = 1
    network: Cidr
    region: Name
    rtt_ms: Milliseconds
    n: Annotated[int, Field(ge=1, le=1_000_000)]
    source: Word
    age_s: Annotated[float, Field(ge=0)] = 0.0


class TrackRecord(Wire):
    """What is kept of one path."""

    region: Name
    source: Word
    recent_ms: Annotated[tuple[Milliseconds, ...], Field(min_length=1, max_length=16)]
    n: Annotated[int, Field(ge=1, le=1_000_000)]
    at: Annotated[float, Field(ge=0)]
    """Unix seconds, by the clock of what keeps it."""
    place: tuple[float, float] | None = None
    """Where the region was then: latitude and longitude, to 0.1 degrees."""


class EvidenceRecord(Wire):
    """What is kept of one client network."""

    schema_number: Annotated[int, Field(alias="schema", ge=1)] = 1
    tracks: Annotated[tuple[TrackRecord, ...], Field(max_length=64)]


class RttReported(Wire):
    """A round trip that a client measured itself."""

    region: Name
    rtt_ms: Milliseconds


class RttReport(Wire):
    """The body of ``POST /v1/rtt``."""

    rtts: Annotated[tuple[RttReported, ...], Field(min_length=1, max_length=16)]


class RttRefused(Wire):
    """A report that was not believed, and why."""

    region: str
    reason: str


class RttAnswer(Wire):
    """The answer to ``POST /v1/rtt``."""

    accepted: int
    refused: tuple[RttRefused, ...] = ()
