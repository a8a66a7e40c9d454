"""The life of one Triton process: it never outlives its agent, however the agent dies."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from node_agent.engines.triton.assembly import Assembly

LEASH = """
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, 9)
if os.getppid() != int(sys.argv[1]): sys.exit(1)
os.execv(sys.argv[2], sys.argv[2:])
"""
"""Runs before Triton in its process: "kill me when my parent dies" (PR_SET_PDEATHSIG, SIGKILL), which survives exec.
A program of its own rather than a preexec_fn, which may deadlock in an agent that has gRPC's threads."""

LAST_WORDS = 2_000
"""Bytes of Triton's log that a failed start is reported with."""

TERM_GRACE_S = 1.0
"""Triton takes 3.0 s to leave even when idle, all of it its own waiting. Streams have ended by now, its shared
memory is ours to remove: nothing is lost by ending it sooner."""


class Child:
    """A running Triton of our own."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    @property
    def pid(self) -> int:
        """Its process id, which is its process group's too."""
        return self._process.pid

    @property
    def exited(self) -> bool:
        """True once it is gone, for whatever reason."""
        return self._process.returncode is not None

    def last_words(self) -> str:
        """The end of its log."""
        with suppress(OSError), self._log.open("rb") as log:
            log.seek(max(0, self._log.stat().st_size - LAST_WORDS))
            return log.read().decode(errors="replace").strip()
        return ""

    def kill(self) -> None:
        """End it and its model processes now."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to leave, then make it."""
        if not self.exited:
            with suppress(ProcessLookupError):
                self._process.terminate()
            with suppress(TimeoutError):
                async with asyncio.timeout(TERM_GRACE_S):
                    await self._process.wait()
        self.kill()  # even after it has left: its model processes are in its group, and may be stuck
        await self._process.wait()


@asynccontextmanager
async def running(assembly: Assembly) -> AsyncIterator[Child]:
    """Start the child in a process group of its own (a Ctrl-C is the agent's to handle) and end it with the block."""
    command = (sys.executable, "-I", "-S", "-c", LEASH, str(os.getpid()), *assembly.command)
    with assembly.log.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=dict(assembly.environment),
            cwd=assembly.home,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    child = Child(process, assembly.log)
    try:
        yield child
    finally:
        await asyncio.shield(child.stop())
