"""The processes of the demo, which end together."""

import ctypes
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from autorouter.demo.machine import ROOMY_MB, free_mb
from autorouter.runtime.clock import now

BIN = Path(sys.executable).parent
REGIONS = ("yto-01", "yvr-02", "yul-01")
CHAT = "smollm2-135m-instruct"
VOICE = ("whisper-tiny.en", "espeak-ng", "kokoro-82m", "all-minilm-l6-v2")

POLITE = 10.0
"""Seconds that parts have to end by themselves."""

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None)


@dataclass
class Part:
    """One process of the demo."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    gone: bool = False


class Demo:
    """The processes, and the folder they live in."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.folder = folder
        self.parts: list[Part] = []
        self.key = secrets.token_hex(16)
        """Shared by router and nodes: it lets clients be measured."""
        self.models = (CHAT, *VOICE) if free_mb() >= ROOMY_MB else (CHAT,)

    def start(self, name: str, *command: object) -> None:
        """Start one part, in a group of its own so that Ctrl-C reaches it through `stop` alone."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(  # noqa: S603 - the demo's own commands
                [str(word) for word in command],
                stdout=sink,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                process_group=0,
                env=os.environ | {"AUTOROUTER_KEY": self.key},
                preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM),  # noqa: PLW1509 - no threads here
            )
        self.parts.append(Part(name, process, log))

    def stop(self) -> None:
        """End every part: politely, then not."""
        for part in reversed(self.parts):
            if part.process.poll() is None:
                part.process.terminate()
        deadline = now() + POLITE
        for part in self.parts:
            try:
                part.process.wait(max(0.1, deadline - now()))
            except subprocess.TimeoutExpired:
                part.process.kill()
                part.process.wait()

    def ended(self) -> Iterator[Part]:
        """Parts that ended since this was last asked."""
        for part in self.parts:
            if not part.gone and part.process.poll() is not None:
                part.gone = True
                yield part

    def node_port(self, region: str) -> int:
        """The port of *region*'s node."""
        return self.port + 1 + REGIONS.index(region)
