"""Work on models beside everything else: one task a model, none without an owner."""

import asyncio
from collections.abc import Awaitable, Callable

from node_agent.core.models import ModelName
from node_agent.engines.board import Board


class Hands:
    """Who is worked on, in tasks of *group*."""

    def __init__(self, group: asyncio.TaskGroup, board: Board) -> None:
        self._group = group
        self._board = board
        self._taken: set[ModelName] = set()

    def __contains__(self, name: ModelName) -> bool:
        return name in self._taken

    def take(self, name: ModelName, work: Callable[[], Awaitable[None]]) -> None:
        """Do *work* on *name*, at which nobody is."""
        self._taken.add(name)
        self._group.create_task(self._do(name, work))

    async def _do(self, name: ModelName, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        finally:
            self._taken.discard(name)
            self._board.wake()
