"""Room: memory for the models, disk for their files, shared memory for what Triton hands to them."""

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from autorouter.wire.finding import Finding, ok, skipped, warning, wrong
from node_agent.doctor.agent import answers
from node_agent.doctor.case import Case, standing
from node_agent.engines.artefacts import place_of
from node_agent.engines.triton.assembly import SHARED_MEMORY

NAME = "room"
AGENT_MIB = 300
"""The agent, Triton, and a decoder."""
DISK_MIB = 1024
SHARED_MIB = 16
"""For each model. Its region begins with 1 MiB and grows with what it is asked; Docker gives 64 to all."""


async def check(case: Case) -> Sequence[Finding]:
    """Measure all three."""
    if case.options is None:
        return [skipped(NAME, "it is not known what for")]
    return [
        skipped(NAME, "memory: an agent runs, and has its share")
        if await answers(case)
        else memory(free_mib(), need_of(case)),
        await asyncio.to_thread(_disk, case),
        shared(
            await asyncio.to_thread(_free, SHARED_MEMORY), len(case.models), is_used=case.options.engine == "triton"
        ),
    ]


def need_of(case: Case) -> int:
    """MiB that the node will take: the budget, or all its models."""
    budget = case.options.memory if case.options else None
    return AGENT_MIB + (budget if budget is not None else sum(model.memory for model in case.models))


def memory(free: int | None, need: int) -> Finding:
    """What to say of so many MiB, *free* and of *need*."""
    if free is None:
        return skipped(NAME, "memory: the kernel does not tell how much is free")
    if free < need:
        told = f"the models and the agent take {need} MiB of memory, and {free} are free"
        return wrong(
            NAME, told, f"node-agent serve … --memory {max(100, free - 2 * AGENT_MIB)}    # or fewer --model"
        )
    return ok(NAME, f"the models and the agent take {need} MiB of memory; {free} are free")


def free_mib() -> int | None:
    """Memory that can be had."""
    try:
        told = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    return next((int(line.split()[1]) // 1024 for line in told.splitlines() if line.startswith("MemAvailable")), None)


def _disk(case: Case) -> Finding:
    files = [file for model in case.models for file in model.files.values()]
    missing = [file for file in files if not place_of(file, case.store).is_file()]
    free = shutil.disk_usage(standing(case.store)).free // 2**20
    return disk(str(case.store), free, len(missing))


def disk(store: str, free: int, missing: int) -> Finding:
    """What to say of so many MiB *free* in *store*, where so many files are *missing*."""
    if free >= DISK_MIB:
        return ok(NAME, f"{free} MiB are free in {store}")
    grade = wrong if missing else warning
    told = f"{free} MiB are free in {store}, expected {DISK_MIB}; {missing} files are still to come"
    return grade(NAME, told, "export XDG_CACHE_HOME=…    # a larger disk; or: du -xh / | sort -h | tail")


def _free(folder: Path) -> int | None:
    try:
        told = os.statvfs(folder)
    except OSError:
        return None
    return told.f_bavail * told.f_frsize // 2**20


def shared(free: int | None, models: int, *, is_used: bool) -> Finding:
    """What to say of so many MiB *free* of shared memory, for so many *models*."""
    need = SHARED_MIB * max(1, models)
    if not is_used:
        return skipped(NAME, "shared memory: no Triton is asked for")
    if free is None:
        return wrong(
            NAME, f"there is no {SHARED_MEMORY}, which Triton needs", f"mount -t tmpfs tmpfs {SHARED_MEMORY}"
        )
    if free < need:
        told = f"{free} MiB of shared memory ({SHARED_MEMORY}) are free, expected {need}"
        return warning(NAME, told, f"mount -o remount,size=1g {SHARED_MEMORY}    # docker run --shm-size=1g")
    return ok(NAME, f"{free} MiB of shared memory are free")
