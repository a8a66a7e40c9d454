"""The nodes' paths that the router sends on: what they take, and nothing else of theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from autorouter.core.units import Seconds


class Body(Enum):
    """What a path is sent."""

    JSON = "json"
    FORM = "form"
    """``multipart/form-data``, with a recording in it."""


@dataclass(frozen=True, slots=True)
class Path:
    """One path, with what may be in its query."""

    body: Body
    query: frozenset[str] = frozenset()

    @property
    def most(self) -> int:
        """Bytes of a body; the node has the last word."""
        return 1 << 20 if self.body is Body.JSON else 26 << 20

    @property
    def longest(self) -> Seconds:
        """For a whole body to arrive, as at the node."""
        return Seconds(30.0 if self.body is Body.JSON else 120.0)


TEXT = Path(Body.JSON)
TRANSLATION = Path(Body.FORM, frozenset({"sync", "stream", "model", "prompt", "response_format", "temperature"}))
TRANSCRIPTION = Path(Body.FORM, TRANSLATION.query | {"language"})

PATHS: Mapping[str, Path] = {
    "/v1/chat/completions": TEXT,
    "/v1/completions": TEXT,
    "/v1/completions/stream": TEXT,
    "/v1/embeddings": TEXT,
    "/v1/audio/speech": TEXT,
    "/v1/audio/transcriptions": TRANSCRIPTION,
    "/v1/audio/translations": TRANSLATION,
}
"""All by POST. What else nodes do is their operators', who ask them directly."""
