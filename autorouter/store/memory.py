"""Observations within one process: for one router alone, and for tests."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator

from autorouter.core.observation import Observation

RECENT = 1000
"""Observations that a new follower is told first."""


class MemoryStore:
    """Tells every follower of this process."""

    def __init__(self) -> None:
        self._recent: deque[Observation] = deque(maxlen=RECENT)
        self._followers: set[asyncio.Queue[Observation]] = set()

    async def append(self, observation: Observation) -> None:
        """Tell every follower."""
        self._recent.append(observation)
        for queue in self._followers:
            queue.put_nowait(observation)

    async def follow(self) -> AsyncGenerator[Observation, None]:
        """The recent past, then everything as it comes."""
        queue: asyncio.Queue[Observation] = asyncio.Queue()
        for observation in self._recent:
            queue.put_nowait(observation)
        self._followers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._followers.discard(queue)

    async def close(self) -> None:
        """Nothing to let go of."""
