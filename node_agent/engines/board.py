"""What is known of the models now: written by the loop that keeps them, read by everyone else without waiting."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType

from node_agent.core.errors import Fault
from node_agent.core.models import ModelName, ModelState, Standing


class Board:
    """Standings, doubts, and how much has been heard of each model."""

    def __init__(self, names: tuple[ModelName, ...]) -> None:
        self._standings = dict.fromkeys(names, Standing(ModelState.LOADING, "the engine is starting"))
        self._heard = dict.fromkeys(names, 0)
        self._doubted: dict[ModelName, Fault] = {}
        self._alarm = asyncio.Event()
        self._news = asyncio.Event()
        self.reloads = 0
        """Times a model was loaded again because it no longer answered."""

    def standings(self) -> Mapping[ModelName, Standing]:
        """A live, read-only view."""
        return MappingProxyType(self._standings)

    def post(self, name: ModelName, state: ModelState, reason: str = "", *, on_demand: bool = False) -> None:
        """Say how *name* stands."""
        standing = Standing(state, reason, on_demand)
        if self._standings[name] != standing:
            self._standings[name] = standing
            self._news.set()
            self._news = asyncio.Event()

    def post_all(self, state: ModelState, reason: str) -> None:
        """Say one thing of every model."""
        for name in self._standings:
            self.post(name, state, reason)

    def goes(self, name: ModelName) -> None:
        """Say that *name* is on its way out."""
        self.post(name, ModelState.UNLOADING)

    async def changed(self) -> None:
        """Return as soon as any model stands otherwise than now."""
        await self._news.wait()

    def hear(self, name: ModelName) -> None:
        """Count a sign of life."""
        self._heard[name] += 1

    def heard(self, name: ModelName) -> int:
        """Signs of life so far; a number that has grown proves that *name* lives."""
        return self._heard[name]

    def doubt(self, name: ModelName, fault: Fault) -> None:
        """Ask for a look at *name* now, because of *fault*. Of several, silence is remembered."""
        if self._doubted.get(name) is not Fault.SILENT:
            self._doubted[name] = fault
        self.wake()

    def wake(self) -> None:
        """Ask for a look at all of it now."""
        self._alarm.set()

    async def doubts(self, patience: float) -> Mapping[ModelName, Fault]:
        """Those doubted since the last call; waits until somebody asks for a look, at most *patience* seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._alarm.wait()
        self._alarm.clear()
        doubted, self._doubted = self._doubted, {}
        return doubted
