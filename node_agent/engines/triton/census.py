"""Which processes run the models of a Triton child, and whether they live.

Triton starts one per model and, when it dies, says neither "not ready" nor anything else: the dead process stays a
zombie, the model stays READY, every request costs a second and fails. The process table tells the truth.
"""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from math import ceil
from pathlib import Path

PROC = Path("/proc")


def model_processes(triton: int) -> Mapping[str, int]:
    """Triton model → process id, for the living children of process *triton*."""
    found: dict[str, int] = {}
    for entry in PROC.iterdir():
        if entry.name.isdigit() and _parent(entry) == triton and (model := _model(entry)):
            found[model] = int(entry.name)
    return found


def memory(pid: int) -> int:
    """MiB that process *pid* takes: its own pages, and its part of those that it shares. 0 if it is gone."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((ceil(int(line.split()[1]) / 1024) for line in lines if line.startswith("Pss:")), 0)


def lives(pid: int) -> bool:
    """False once process *pid* is gone, or dead and unburied."""
    fields = _stat(PROC / str(pid))
    return bool(fields) and fields[0] not in {"Z", "X"}


def _stat(entry: Path) -> list[str]:
    """The fields after the name: state, parent, …; empty if the process is gone."""
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _parent(entry: Path) -> int:
    fields = _stat(entry)
    return int(fields[1]) if len(fields) > 1 and fields[0] not in {"Z", "X"} else 0


def _model(entry: Path) -> str:
    """The model's name out of ``stub <repository>/<model>/<version>/model.py …``; empty if it is not like that."""
    try:
        arguments = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    path = Path(arguments[1]) if len(arguments) > 1 else Path()
    return path.parts[-3] if path.name == "model.py" and len(path.parts) > 3 else ""


def kill(pid: int) -> None:
    """End process *pid* for good; nothing happens if it is gone."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
