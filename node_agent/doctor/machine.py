"""The machine: open files, and a place for what outlives the node."""

import asyncio
import resource
import tempfile
from collections.abc import Sequence
from pathlib import Path

from autorouter.wire.finding import Finding, ok, skipped, warning, wrong
from node_agent.config import state_at
from node_agent.doctor.case import Case, standing

NAME = "machine"
FEW_FILES = 4096
"""Open ones: each connection is one."""
TOO_FEW_FILES = 1024


async def check(case: Case) -> Sequence[Finding]:
    """Look around."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    folder = state_at(case.options, case.environment) if case.options else None
    return [files(soft), await asyncio.to_thread(state, folder)]


def files(limit: int) -> Finding:
    """What to say of a *limit* of open files; -1 for none."""
    if limit < 0 or limit >= FEW_FILES:
        return ok(NAME, f"a process may open {'any number of' if limit < 0 else limit} files")
    grade = wrong if limit < TOO_FEW_FILES else warning
    fix = "ulimit -n 65536    # LimitNOFILE=65536 in a unit of systemd"
    return grade(
        NAME, f"a process may open {limit} files, and each client's connection is one: expected {FEW_FILES}", fix
    )


def state(folder: Path | None) -> Finding:
    """Whether an agent could write in *folder*."""
    if folder is None:
        return skipped(NAME, "no --state: accounts end with the node")
    try:
        with tempfile.NamedTemporaryFile(dir=standing(folder)):
            return ok(NAME, f"{folder} can be written to")
    except OSError as exc:
        return wrong(
            NAME, f"--state {folder} cannot be written to: {exc.strerror}", f"sudo install -d -o $USER {folder}"
        )
