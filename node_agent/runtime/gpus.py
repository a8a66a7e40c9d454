"""The GPUs of this machine, as the driver's own ``nvidia-smi`` tells; a machine without it has none."""

import asyncio
import csv
from contextlib import suppress
from dataclasses import dataclass

from node_agent.core.units import Instant, between
from node_agent.runtime.ports import Clock

ASKED = ("index", "name", "memory.total", "memory.used", "utilization.gpu", "utilization.memory", "temperature.gpu")
COMMAND = ("nvidia-smi", f"--query-gpu={','.join(ASKED)}", "--format=csv,noheader,nounits")
PATIENCE_S = 5.0
FRESH_S = 1.0


@dataclass(frozen=True, slots=True)
class Gpu:
    """One of them, now."""

    index: int
    name: str
    total: int
    """MiB."""
    used: int
    """MiB."""
    busy: int
    """Percent of the time that its processors worked …"""
    memory_busy: int
    """… and its memory."""
    celsius: int


class Gpus:
    """All of them. However many ask, the driver is asked one question at a time, and one a second."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asking = asyncio.Lock()
        self._found: tuple[Gpu, ...] = ()
        self._at: Instant | None = None

    async def seen(self) -> tuple[Gpu, ...]:
        """As they are, or were a moment ago."""
        async with self._asking:
            if self._at is None or between(self._at, self._clock.now()) >= FRESH_S:
                self._found, self._at = await _gpus(), self._clock.now()
            return self._found

    async def now(self) -> tuple[Gpu, ...]:
        """As they are: for those who have just changed that."""
        self._at = None
        return await self.seen()


async def _gpus() -> tuple[Gpu, ...]:
    with suppress(OSError, TimeoutError, ValueError):
        return tuple(map(_gpu, csv.reader((await _told()).splitlines(), skipinitialspace=True)))
    return ()


async def _told() -> str:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with asyncio.timeout(PATIENCE_S):
            told, _ = await process.communicate()
    finally:
        with suppress(ProcessLookupError):
            process.kill()
    return told.decode(errors="replace")


def _gpu(row: list[str]) -> Gpu:
    """Raises `ValueError` for a line that is not as asked; what a card does not tell is 0."""
    if len(row) != len(ASKED):
        raise ValueError(row)
    return Gpu(_number(row[0]), row[1], *map(_number, row[2:]))


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
