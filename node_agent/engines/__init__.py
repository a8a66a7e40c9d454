"""Engines: what runs models. To add one: a file here that passes ``tests/contracts/test_engine.py``, a line below."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from node_agent.core.models import ModelName, ModelSpec
from node_agent.engines.echo import EchoEngine
from node_agent.engines.tenants import Tenants
from node_agent.engines.triton.engine import TritonEngine
from node_agent.engines.triton.sources import OwnChild, Stranger


@dataclass(frozen=True, slots=True)
class Setting:
    """What an engine may want to know of the process it is in."""

    models: tuple[ModelSpec, ...]
    store: Path
    """Where model files are kept."""
    triton: str | None
    """Address of a Triton that somebody else runs."""
    allow_unpatched: bool
    pinned: frozenset[ModelName] = frozenset()
    """Models that are never unloaded."""
    memory: int | None = None
    """MiB for all models together; None: as much as they take."""

    def tenants(self) -> Tenants:
        """A register of the models, empty of any experience."""
        return Tenants(self.models, self.pinned, self.memory)


def _triton(setting: Setting) -> TritonEngine:
    allow = setting.allow_unpatched
    stranger = Stranger(setting.triton) if setting.triton else None
    source = stranger or OwnChild(setting.models, setting.store, allow_unpatched=allow)
    return TritonEngine(setting.models, source, setting.tenants(), allow_unpatched=allow)


def _echo(setting: Setting) -> EchoEngine:
    return EchoEngine(setting.models, tenants=setting.tenants())


ENGINES: dict[str, Callable[[Setting], TritonEngine | EchoEngine]] = {"triton": _triton, "echo": _echo}
