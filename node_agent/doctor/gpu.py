"""GPUs, as the driver's own ``nvidia-smi`` tells."""

import asyncio
import csv
import shutil
from collections.abc import Sequence

from autorouter.wire.finding import Finding, ok, warning, wrong
from node_agent.doctor.case import Case

NAME = "gpu"
ASKED = ("name", "driver_version", "memory.total", "memory.used", "temperature.gpu")
DEADLINE_S = 4.0
HOT = 90
"""°C from which cards slow down."""


async def check(_case: Case) -> Sequence[Finding]:
    """Ask the driver."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return [ok(NAME, "no nvidia-smi, so no GPU of NVIDIA's: models run on the processor")]
    code, told = await _asked(program)
    return verdicts(code, told)


async def _asked(program: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        program,
        f"--query-gpu={','.join(ASKED)}",
        "--format=csv,noheader,nounits",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(DEADLINE_S):
            told, _ = await process.communicate()
    except TimeoutError:
        return -1, f"no answer within {DEADLINE_S:g} s"
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode or 0, told.decode(errors="replace").strip()


def verdicts(code: int, told: str) -> Sequence[Finding]:
    """What to say of nvidia-smi's exit *code* and what it *told*."""
    if code or not told:
        said = f"nvidia-smi fails: {' '.join(told.split())[:160] or 'it says nothing'}"
        return [
            wrong(
                NAME, said, "sudo dmesg | grep -i nvrm | tail    # sudo modprobe nvidia, or install the driver again"
            )
        ]
    return [_verdict(row) for row in csv.reader(told.splitlines(), skipinitialspace=True) if row]


def _verdict(row: Sequence[str]) -> Finding:
    if len(row) != len(ASKED):
        return warning(NAME, f"nvidia-smi says what is not understood: {', '.join(row)[:120]}", "nvidia-smi")
    name, driver, total, used, celsius = row
    if celsius.isdigit() and int(celsius) >= HOT:
        return warning(NAME, f"{name} is {celsius} °C hot and slows down", "nvidia-smi -q -d TEMPERATURE,PERFORMANCE")
    return ok(NAME, f"{name}, driver {driver}: {used} of {total} MiB used, {celsius} °C")
