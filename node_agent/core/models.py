"""Models: what the catalogue says of one, and how it stands on this node now."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

ModelName = NewType("ModelName", str)
"""The public name that a client asks for."""


class Kind(StrEnum):
    """What a model does, and with it the tensors it speaks. Engines know kinds, never products."""

    LLM = "llm"


@dataclass(frozen=True, slots=True)
class Artefact:
    """One file inside a wheel on the package index, pinned at both levels."""

    package: str
    version: str
    wheel_sha256: str
    member: str
    """Path of the file inside the wheel."""
    sha256: str
    """Digest of the file itself, and its address in the store."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One entry of the catalogue."""

    name: ModelName
    kind: Kind
    triton_model: str
    """What Triton calls it."""
    version: str
    slots: int
    """Requests it serves at once."""
    context: int
    """Tokens of prompt and answer together, per slot."""
    threads: int
    """CPU threads of the model's process."""
    artefact: Artefact
    licence: str
    """SPDX identifier of the weights' licence."""


class ModelState(StrEnum):
    """Only ``ready`` takes requests; ``failed`` is held by the engine and does not answer."""

    LOADING = "loading"
    READY = "ready"
    UNLOADING = "unloading"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Standing:
    """How one model stands, in the engine's own words."""

    state: ModelState
    reason: str = ""
    """Why it is not ready; empty when it is."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often an engine had to be helped since boot."""

    restarts: int = 0
    """Times it was started again as a whole."""
    reloads: int = 0
    """Times one model was loaded again because it no longer answered."""
