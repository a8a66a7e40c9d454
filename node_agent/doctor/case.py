"""What is looked at: the options that an agent would be given, and what they lead to."""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autorouter.wire.finding import Finding
from autorouter.wire.key import Key
from node_agent.config import Options, choose, open_catalogue, read_keys, read_options
from node_agent.core.errors import ConfigError
from node_agent.core.models import ModelSpec
from node_agent.engines.artefacts import store_at


@dataclass(frozen=True, slots=True)
class Case:
    """One examination."""

    options: Options | None
    """None if an agent would not start with them."""
    models: tuple[ModelSpec, ...]
    fault: str
    """Why it would not, or why the models are none."""
    keys: tuple[Key, ...]
    key_fault: str
    store: Path
    """Where the models' files are."""
    environment: Mapping[str, str]


Check = Callable[[Case], Awaitable[Sequence[Finding]]]


def opened(given: Mapping[str, object], environment: Mapping[str, str]) -> Case:
    """The case of *given*; what cannot be is no error here, but something to find."""
    options: Options | None = None
    models: tuple[ModelSpec, ...] = ()
    fault, key_fault, keys = "", "", tuple[Key, ...]()
    try:
        options = read_options(given)
        models = choose(open_catalogue(options.catalogue), options)
    except ConfigError as exc:
        fault = str(exc)
    try:
        keys = read_keys(environment)
    except ConfigError as exc:
        key_fault = str(exc)
    return Case(options, models, fault, keys, key_fault, store_at(dict(environment)), environment)


def standing(place: Path) -> Path:
    """What there is of *place*: itself, or the nearest folder above it."""
    whole = Path(os.path.abspath(place))  # noqa: PTH100 - `resolve` would follow links that lead nowhere
    return next(each for each in (whole, *whole.parents) if each.exists())
