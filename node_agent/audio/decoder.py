"""The agent's end of decoding: a few processes of `program`, kept warm, ended when they do not obey."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from node_agent.audio.room import Share
from node_agent.core.errors import AgentError, Reason, Refusal, Refused
from node_agent.core.hearing import RATE
from node_agent.core.units import Seconds

PROCESSES = 2
"""At once. Decoding is a hundredth of the work of hearing."""

PATIENCE_S = 120.0
"""For one file: two hours of sound take about 15 seconds of an idle core."""

WAIT_S = 20.0
"""For a process to become free."""

BLOCK = 256 << 10
"""Bytes handed over at once: the loop sees to others in between."""

NEEDED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG", "COVERAGE_PROCESS_START", "COVERAGE_PROCESS_CONFIG")
"""Of the environment; the rest may hold secrets."""

UNREADABLE = "unreadable_audio"
BROKE = "the file cannot be decoded: the decoder broke on it"

Told = tuple[bytearray, dict[str, Any]]
"""The samples, and what the program says of them."""


class Unheard(AgentError):  # noqa: N818 - what became of it: "raise Unheard(...)"
    """A file that is not heard; the text says why, for its sender, and *code* which problem that is."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Lost(Unheard):
    """The process went before it said anything: it may have been dead already."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A decoded recording."""

    format: str
    """What it was: ``wav``, ``mp3``, …"""
    pcm: memoryview
    """int16, little endian, mono, `RATE`."""
    cuts: tuple[int, ...] = ()
    """Samples before which it may be cut: its quietest moments, every minute or so."""

    @property
    def length(self) -> Seconds:
        """Of all of it."""
        return Seconds(len(self.pcm) / 2 / RATE)

    def pieces(self) -> Iterator[bytes]:
        """All of it, a minute at a time."""
        for start, end in pairwise((0, *self.cuts, len(self.pcm) // 2)):
            yield bytes(self.pcm[2 * start : 2 * end])


class Decoder:
    """Hands files to processes that it starts when they are needed."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(PROCESSES)
        self._idle: list[Process] = []

    async def decode(self, body: memoryview, share: Share) -> Audio:
        """*body* as sound, whose size *share* is charged with. Raises `Unheard`, `Refused`."""
        async with self._place():
            pcm, told = await self._told(body, share)
        if "message" in told:
            raise Unheard(str(told["code"]), str(told["message"]))
        return Audio(str(told["format"]), memoryview(pcm), tuple(told["cuts"]))

    async def close(self) -> None:
        """End the processes."""
        while self._idle:
            await _end(self._idle.pop())

    async def _told(self, body: memoryview, share: Share) -> Told:
        """What a process says of *body*: a new one if one that was idle is dead, which is not the file's fault."""
        if process := self._living():
            with suppress(Lost):
                return await self._ask(process, body, share)
        return await self._ask(await _start(), body, share)

    def _living(self) -> Process | None:
        while self._idle:
            process = self._idle.pop()
            if process.returncode is None:
                return process
        return None

    async def _ask(self, process: Process, body: memoryview, share: Share) -> Told:
        """What *process* says. It is ended unless it says all of it."""
        before = share.size
        try:
            async with asyncio.timeout(PATIENCE_S):
                told = await _exchange(process, body, share)
        except BaseException as exc:
            await _end(process)
            match exc:
                case TimeoutError():
                    raise Unheard(UNREADABLE, f"the file could not be decoded within {PATIENCE_S:g} s") from exc
                case asyncio.IncompleteReadError() | ConnectionError():
                    raise (Lost if share.size == before else Unheard)(UNREADABLE, BROKE) from exc
                case _:
                    raise
        self._idle.append(process)
        return told

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(WAIT_S):
                await self._places.acquire()
        except TimeoutError as exc:
            raise Refused(Refusal(Reason.FULL, Seconds(WAIT_S), "too many recordings are being decoded")) from exc
        try:
            yield
        finally:
            self._places.release()


async def _start() -> Process:
    program = (sys.executable, "-m", "node_agent.audio.program")
    environment = {name: os.environ[name] for name in NEEDED if name in os.environ}
    # One thread: a decoder's own are worth little, and those of numpy's algebra take address space.
    environment |= {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    return await asyncio.create_subprocess_exec(
        *program, stdin=PIPE, stdout=PIPE, stderr=asyncio.subprocess.DEVNULL, env=environment, limit=BLOCK
    )


async def _end(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()
    await process.wait()


async def _exchange(process: Process, body: memoryview, share: Share) -> Told:
    source, sink = process.stdout, process.stdin
    if source is None or sink is None:
        raise ConnectionError("no pipes")
    await _send(body, sink)
    pcm = bytearray()
    while size := int.from_bytes(await source.readexactly(4), "big"):
        share.grow(size)
        pcm += await source.readexactly(size)
    size = int.from_bytes(await source.readexactly(4), "big")
    return pcm, json.loads(await source.readexactly(size))


async def _send(body: memoryview, sink: asyncio.StreamWriter) -> None:
    try:
        sink.write(len(body).to_bytes(8, "big"))
        for start in range(0, len(body), BLOCK):
            sink.write(body[start : start + BLOCK])
            await sink.drain()
    except RuntimeError as exc:
        raise BrokenPipeError("the process is gone") from exc  # what uvloop says is "the handler is closed"
