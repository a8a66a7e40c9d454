"""What is known of client networks, within one process: for one router alone, and for tests."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence

from autorouter.core.latency.sample import Evidence, Sample
from autorouter.core.names import Network

RECENT = 1000
"""Samples that a new listener is told first."""


class MemoryShelf:
    """Tells every listener of this process, and keeps what it is given as long as it lives."""

    def __init__(self) -> None:
        self._recent: deque[Sample] = deque(maxlen=RECENT)
        self._listeners: set[asyncio.Queue[Sample]] = set()
        self._kept: dict[Network, Evidence] = {}

    async def tell(self, samples: Sequence[Sample]) -> None:
        """Tell every listener."""
        for sample in samples:
            self._recent.append(sample)
            for queue in self._listeners:
                queue.put_nowait(sample)

    async def listen(self) -> AsyncGenerator[Sample, None]:
        """The recent past, then everything as it comes."""
        queue: asyncio.Queue[Sample] = asyncio.Queue()
        for sample in self._recent:
            queue.put_nowait(sample)
        self._listeners.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._listeners.discard(queue)

    async def keep(self, evidence: Mapping[Network, Evidence], gone: Sequence[Network] = ()) -> None:
        """Keep *evidence*, and nothing of those that are *gone*."""
        self._kept |= evidence
        for network in gone:
            self._kept.pop(network, None)

    async def recall(self) -> AsyncGenerator[tuple[Network, Evidence], None]:
        """Everything that is kept."""
        for network, evidence in tuple(self._kept.items()):
            yield network, evidence

    async def kept(self) -> int:
        """How many networks that is."""
        return len(self._kept)

    async def close(self) -> None:
        """Nothing to let go of."""
