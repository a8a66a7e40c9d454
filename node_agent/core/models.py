"""Models: what the catalogue says of one, and how it stands on this node now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

ModelName = NewType("ModelName", str)
"""The public name that a client asks for."""


class Kind(StrEnum):
    """What a model does, and with it what it can be asked. Engines know kinds, never products."""

    LLM = "llm"
    STT = "stt"
    TTS = "tts"
    EMBEDDING = "embedding"
    VAD = "vad"


class Index(StrEnum):
    """Where packages come from."""

    PYPI = "pypi"
    NPM = "npm"


@dataclass(frozen=True, slots=True)
class Archive:
    """One package as an index has it: a wheel, or npm's tarball."""

    index: Index
    package: str
    version: str
    sha256: str

    def __str__(self) -> str:
        """As its index writes it."""
        return f"{self.package}{'==' if self.index is Index.PYPI else '@'}{self.version}"


@dataclass(frozen=True, slots=True)
class Part:
    """A file inside an archive."""

    archive: Archive
    member: str
    """Its path inside."""


@dataclass(frozen=True, slots=True)
class File:
    """One file that a model needs, pinned at both levels: the archives, and what is made of them."""

    sha256: str
    """Of the whole, and its address in the store."""
    parts: tuple[Part, ...]
    """Joined in this order; large files come in several, for indexes have limits."""


@dataclass(frozen=True, slots=True)
class Price:
    """What clients pay, in US dollars."""

    prompt: float = 0.0
    """A million tokens read."""
    answer: float = 0.0
    """A million tokens written."""
    heard: float = 0.0
    """A minute of audio listened to."""
    characters: float = 0.0
    """A million characters spoken."""


FREE = Price()


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
    threads: int
    """CPU threads of the model's process."""
    memory: int
    """MiB that it takes when it is loaded, until that has been measured."""
    licence: str
    """SPDX identifier of the weights' licence."""
    contract: str = ""
    """Whose tensors it speaks, of a model that somebody else's Triton holds: ``vllm``, ``tensorrt-llm``; by default
    those of our own programs."""
    program: str = ""
    """Which of our own model programs runs it, a folder of ``engines/models``; by default that of its kind."""
    context: int = 0
    """Tokens of prompt and answer together, per slot; of kinds that have none, 0."""
    files: Mapping[str, File] = field(default_factory=dict)
    """By the name that the model's program knows each by."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What else its program is told."""
    aliases: tuple[str, ...] = ()
    """Other names that clients may ask for it by."""
    sunset: str | None = None
    """The day from which it is not promised any more, as ``2027-01-31``; clients are told with each answer."""
    price: Price = FREE

    @property
    def owner(self) -> str:
        """Who gave it to the world, as far as its package tells."""
        return next((part.archive.package for file in self.files.values() for part in file.parts), "autorouter")


def own_names(models: Iterable[ModelSpec]) -> Mapping[str, ModelName]:
    """By each name that clients may ask for one of *models* by."""
    return {name: model.name for model in models for name in (model.name, *model.aliases)}


class ModelState(StrEnum):
    """``ready`` takes requests at once, ``cold`` is loaded when one comes; ``failed`` is held and does not answer."""

    COLD = "cold"
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
    on_demand: bool = False
    """It is on its way because somebody asked for it: nothing is amiss without it."""

    @property
    def can_be_had(self) -> bool:
        """Now, or within the time that a load takes."""
        return self.on_demand or self.state in {ModelState.READY, ModelState.COLD, ModelState.UNLOADING}


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a loaded model was measured to take."""

    model: ModelName
    process: int
    """Its id."""
    memory: int
    """MiB."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How often an engine had to be helped since boot."""

    restarts: int = 0
    """Times it was started again as a whole."""
    reloads: int = 0
    """Times one model was loaded again because it no longer answered."""
