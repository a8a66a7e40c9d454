"""Where a Triton comes from: a child of our own, or a stranger's by its address."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from node_agent.core.errors import ConfigError
from node_agent.core.models import ModelSpec
from node_agent.engines.artefacts import ensure, repair
from node_agent.engines.triton import layout as wheel
from node_agent.engines.triton.assembly import assemble, dismantle
from node_agent.engines.triton.cage import require_caged
from node_agent.engines.triton.child import Child, running
from node_agent.engines.triton.floor import check


@dataclass(frozen=True, slots=True)
class Reached:
    """A Triton that may still be coming up."""

    address: str
    child: Child | None
    """None: it is a stranger's, to be asked and never to be killed."""
    repair: Callable[[ModelSpec], Awaitable[bool]] | None = None
    """Looks whether the files of a model that cannot be loaded are what they were, and gets those that are not."""


class Source(Protocol):
    """Gives a Triton for the length of a block."""

    @property
    def owned(self) -> bool:
        """Whether it is our own, to do with as we like."""
        ...

    def open(self) -> AbstractAsyncContextManager[Reached]:
        """Start or find it. What was started ends with the block."""
        ...


class OwnChild:
    """The wheel's Triton, started anew each time."""

    owned = True

    def __init__(self, models: tuple[ModelSpec, ...], store: Path, *, allow_unpatched: bool) -> None:
        if foreign := [model.name for model in models if model.contract]:
            raise ConfigError(f"model {foreign[0]} is one that a running Triton holds: name that by --triton")
        self._layout = wheel.find()
        self.patched = check(self._layout.version, "the wheel's own", allow_unpatched=allow_unpatched)
        self._models = models
        self._store = store

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Reached]:
        """Fetch what is missing, assemble, start; stop and clean up at the end."""
        places = {model.name: await ensure(model.files, self._store) for model in self._models}
        assembly = await asyncio.to_thread(assemble, self._layout, self._models, places)
        try:
            async with running(assembly) as child:
                yield Reached(assembly.address, child, self._repair)
        finally:
            dismantle(assembly)

    async def _repair(self, model: ModelSpec) -> bool:
        return await repair(model.files, self._store)


class Stranger:
    """A Triton that somebody else runs, with the models in its own repository."""

    owned = False

    def __init__(self, address: str) -> None:
        self._address = address

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Reached]:
        """Nothing to start and nothing to stop. Raises `ConfigError` if others can reach it."""
        await asyncio.to_thread(require_caged, self._address)
        yield Reached(self._address, None)
