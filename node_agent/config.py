"""The catalogue and the options of one agent, checked once at the start and handed on as core values."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from autorouter.wire.base import Name
from autorouter.wire.key import Key, keys
from node_agent.core.errors import ConfigError
from node_agent.core.models import Archive, File, Index, Kind, ModelName, ModelSpec, Part, Price
from node_agent.core.networks import is_loopback

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PathPart = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,64}$")]
"""Safe as a directory and as a name inside Triton's configuration."""
FileName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$")]


KEY = "AUTOROUTER_KEY"


def _day(text: str) -> str:
    """*text*, if there is such a day."""
    date.fromisoformat(text)
    return text


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Part(_Strict):
    index: Annotated[Index, Field(strict=False)] = Index.PYPI
    package: Annotated[str, Field(pattern=r"^(@[a-z0-9._-]+/)?[A-Za-z0-9][A-Za-z0-9._-]*$")]
    version: Annotated[str, Field(pattern=r"^[0-9][A-Za-z0-9.+!-]*$")]
    sha256: Digest
    """Of the whole package as it is downloaded."""
    member: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]+$")]

    def part(self) -> Part:
        return Part(Archive(self.index, self.package, self.version, self.sha256), self.member)


class _File(_Strict):
    sha256: Digest
    parts: Annotated[tuple[_Part, ...], Field(min_length=1, max_length=64, strict=False)]


class _Price(_Strict):
    prompt: Annotated[float, Field(ge=0)] = 0.0
    answer: Annotated[float, Field(ge=0)] = 0.0
    heard: Annotated[float, Field(ge=0)] = 0.0
    characters: Annotated[float, Field(ge=0)] = 0.0


class _Model(_Strict):
    kind: Annotated[Kind, Field(strict=False)]
    contract: Literal["", "vllm", "tensorrt-llm"] = ""
    program: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")] = ""
    triton_model: PathPart
    version: Annotated[str, Field(pattern=r"^[1-9][0-9]*$")]
    slots: Annotated[int, Field(ge=1, le=64)]
    context: Annotated[int, Field(ge=128, le=1_000_000)] | None = None
    threads: Annotated[int, Field(ge=1, le=256)]
    memory: Annotated[int, Field(ge=1, le=10_000_000)]
    licence: str
    files: dict[FileName, _File] = {}
    options: dict[PathPart, str] = {}
    aliases: Annotated[tuple[Name, ...], Field(strict=False)] = ()
    sunset: Annotated[str, Field(pattern=r"^20[0-9]{2}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_day)] | None = None
    price: _Price = _Price()

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if (self.kind is Kind.LLM) != (self.context is not None):
            raise ValueError("'context' is for the kind llm, which needs one")
        if self.contract and (self.kind is not Kind.LLM or self.files):
            raise ValueError("'contract' is for models of the kind llm that a running Triton holds, without 'files'")
        return self

    def spec(self, name: ModelName) -> ModelSpec:
        files = {
            path: File(file.sha256, tuple(part.part() for part in file.parts)) for path, file in self.files.items()
        }
        more = self.model_dump(exclude={"files", "price", "context"})
        price = Price(**self.price.model_dump())
        return ModelSpec(name=name, files=files, price=price, context=self.context or 0, **more)


class _Catalogue(_Strict):
    models: dict[Name, _Model]

    @model_validator(mode="after")
    def _name_each_once(self) -> Self:
        names = [*self.models, *(alias for model in self.models.values() for alias in model.aliases)]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{twice[0]!r} is the name of two models")
        return self


class Options(BaseModel):
    """What the operator chose; the command line's names, without their dashes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    region: Name
    node: Name
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8081
    open: bool = False
    keys: Path | None = None
    """The keys file; None, and no `jwks`: the node is open to all who reach it."""
    jwks: Annotated[str, Field(min_length=1)] | None = None
    """Path or URL of the public keys that tokens are signed with."""
    state: Path | None = None
    """Folder of what is kept across restarts: usage, and the last good public keys. None: nothing is."""
    behind_proxy: bool = False
    """Peers are a load balancer's: neither their round trips nor their addresses are the clients'."""
    models: Annotated[tuple[Name, ...], Field(min_length=1)] = ("smollm2-135m-instruct",)
    pins: tuple[Name, ...] = ()
    """Of the models those that are loaded at the start and never unloaded."""
    memory: Annotated[int, Field(ge=1, le=100_000_000)] | None = None
    """MiB for all models together; None: all are loaded at the start and stay."""
    catalogue: Path | None = None
    """A catalogue of the operator's own; None: the one in this package."""
    slots: Annotated[int, Field(ge=1, le=64)] | None = None
    """Per model; None: as the catalogue says."""
    queue: Annotated[int, Field(ge=0, le=10_000)] = 8
    queue_deadline: Annotated[float, Field(gt=0, le=600)] = 10.0
    """Seconds. A client that has waited this long is better served elsewhere."""
    idle_timeout: Annotated[float, Field(gt=0, le=3600)] = 30.0
    """Seconds without a sign of life, of the engine or of a client that should be reading."""
    engine: Literal["triton", "echo"] = "triton"
    triton: Annotated[str, Field(min_length=1)] | None = None
    """gRPC address of a Triton that somebody else runs; None: start the wheel's."""
    allow_unpatched_triton: bool = False

    @property
    def needs_keys(self) -> bool:
        """True if clients have to show one."""
        return self.keys is not None or self.jwks is not None


def read_options(given: Mapping[str, object]) -> Options:
    """Options out of what the command line gave. Raises `ConfigError` naming the option."""
    try:
        options = Options.model_validate({**given, "node": given.get("node") or given.get("region")})
    except ValidationError as exc:
        raise ConfigError(_sentence(exc, "--")) from exc
    if not (options.open or options.needs_keys or options.host == "localhost" or is_loopback(options.host)):
        raise ConfigError(
            f"--host {options.host} can be reached from other machines, and whoever reaches the node is served: "
            "add --keys FILE, or --open if that is meant"
        )
    return options


def state_at(options: Options, environment: Mapping[str, str]) -> Path | None:
    """Where the node keeps what outlives it: as told; else, if there are keys to bill, under ``$XDG_STATE_HOME``."""
    if options.state is not None or not options.needs_keys:
        return options.state
    state = environment.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    return Path(state) / "autorouter" / options.node


def read_keys(environment: Mapping[str, str]) -> tuple[Key, ...]:
    """The keys in ``AUTOROUTER_KEY``, which routers name the same. Raises `ConfigError` for one that cannot be."""
    try:
        return keys(environment.get(KEY, ""))
    except ValueError as exc:
        raise ConfigError(f"{KEY}: {exc}") from exc


def open_catalogue(place: Path | None) -> Mapping[ModelName, ModelSpec]:
    """The catalogue at *place*, by default the one in this package. Raises `ConfigError` if there is none."""
    try:
        return read_catalogue(None if place is None else place.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as exc:
        raise ConfigError(f"--catalogue {place}: {exc}") from exc


def read_catalogue(text: str | None = None) -> Mapping[ModelName, ModelSpec]:
    """The catalogue in *text*, by default the one in this package. Raises `ConfigError` naming the field."""
    if text is None:
        text = resources.files("node_agent").joinpath("catalogue.yaml").read_text()
    try:
        parsed = _Catalogue.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as exc:
        raise ConfigError(f"catalogue.yaml: {exc}") from exc
    except ValidationError as exc:
        raise ConfigError(f"catalogue.yaml: {_sentence(exc, '')}") from exc
    return {ModelName(name): model.spec(ModelName(name)) for name, model in parsed.models.items()}


def choose(catalogue: Mapping[ModelName, ModelSpec], options: Options) -> tuple[ModelSpec, ...]:
    """The models that *options* name, in that order, each once. Raises `ConfigError` with those that exist."""
    unknown = [name for name in options.models if name not in catalogue]
    if unknown:
        raise ConfigError(f"--model {unknown[0]}: not in the catalogue, which has {', '.join(sorted(catalogue))}")
    chosen = tuple(_sized(catalogue[ModelName(name)], options.slots) for name in dict.fromkeys(options.models))
    _require_room(chosen, options)
    return chosen


def _require_room(models: tuple[ModelSpec, ...], options: Options) -> None:
    """Each model must fit beside the pinned ones, or it could never be had."""
    alien = [name for name in options.pins if name not in options.models]
    if alien:
        raise ConfigError(f"--pin {alien[0]}: not among the models of --model, which are {', '.join(options.models)}")
    if options.memory is None:
        return
    if options.triton is not None:
        raise ConfigError("--memory: models are unloaded from a Triton of the node's own only, and there is --triton")
    pinned = sum(model.memory for model in models if model.name in options.pins)
    if pinned > options.memory:
        raise ConfigError(f"--memory {options.memory}: what is pinned needs {pinned} MiB")
    largest = max(
        (model for model in models if model.name not in options.pins), key=lambda model: model.memory, default=None
    )
    if largest is not None and pinned + largest.memory > options.memory:
        beside = " beside what is pinned" if pinned else ""
        raise ConfigError(f"--memory {options.memory}: {largest.name} needs {pinned + largest.memory} MiB{beside}")


def _sized(model: ModelSpec, slots: int | None) -> ModelSpec:
    return model if slots is None else replace(model, slots=slots)


def _sentence(exc: ValidationError, prefix: str) -> str:
    error = exc.errors(include_url=False)[0]
    where = ".".join(str(part) for part in error["loc"]).replace("_", "-" if prefix else "_")
    return f"{prefix}{where}: {error['msg']}, found {error['input']!r:.80}"
