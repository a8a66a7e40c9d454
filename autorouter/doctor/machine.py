"""The machine, and the Python that a router would run in."""

import asyncio
import os
import re
import resource
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from autorouter.config import ConfigError
from autorouter.config.admin import admin_at, state_folder
from autorouter.doctor.case import Case
from autorouter.wire.finding import Finding, ok, skipped, warning, wrong

NAME = "machine"
FEW_FILES = 4096
"""Open ones: each connection is one."""
TOO_FEW_FILES = 1024
LITTLE_MIB = 256
"""What a router with its databases takes is a third of it."""
OLDEST_PYTHON = (3, 11)
REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9_.-]+)[^;>]*(?:>=(?P<least>[0-9.]+))?[^;]*;\s*extra\s*==\s*['\"]router['\"]"
)


async def check(case: Case) -> Sequence[Finding]:
    """Look around."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return [
        files(soft),
        memory(free_mib()),
        python(sys.version_info[:2], tuple(outdated())),
        await asyncio.to_thread(state, case.options.state or state_folder()),
        *admin(case.options.admin),
    ]


def files(limit: int) -> Finding:
    """What to say of a *limit* of open files; -1 for none."""
    if limit < 0 or limit >= FEW_FILES:
        return ok(NAME, f"a process may open {'any number of' if limit < 0 else limit} files")
    grade = wrong if limit < TOO_FEW_FILES else warning
    fix = "ulimit -n 65536    # LimitNOFILE=65536 in a unit of systemd"
    return grade(
        NAME, f"a process may open {limit} files, and each client's connection is one: expected {FEW_FILES}", fix
    )


def memory(mib: int | None) -> Finding:
    """What to say of so much free memory."""
    if mib is None:
        return skipped(NAME, "how much memory is free cannot be read")
    if mib < LITTLE_MIB:
        return warning(NAME, f"{mib} MiB of memory are free, expected {LITTLE_MIB}", "ps aux --sort -rss | head")
    return ok(NAME, f"{mib} MiB of memory are free")


def free_mib() -> int | None:
    """Memory that can be had; None if the kernel does not tell."""
    try:
        told = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    return next((int(line.split()[1]) // 1024 for line in told.splitlines() if line.startswith("MemAvailable")), None)


def python(version: tuple[int, ...], old: tuple[str, ...]) -> Finding:
    """What to say of Python's *version*, and of libraries that are too *old* or missing."""
    readable = ".".join(map(str, version))
    if version < OLDEST_PYTHON:
        return wrong(NAME, f"Python is {readable}, expected 3.11 or newer", "apt-get install python3.11")
    if old:
        return wrong(
            NAME, f"libraries are missing or too old: {', '.join(old)}", 'pip install --upgrade "autorouter[router]"'
        )
    return ok(NAME, f"Python {readable}, and all libraries are there")


def outdated() -> Iterator[str]:
    """What this program needs and is not there, or not new enough: ``aiohttp 3.9 < 3.14``."""
    for line in _requirements():
        if needed := REQUIREMENT.match(line):
            name, least = needed["name"], needed["least"] or "0"
            found = _version(name)
            if found is None:
                yield f"{name} (none)"
            elif _numbers(found) < _numbers(least):
                yield f"{name} {found} < {least}"


def _requirements() -> Sequence[str]:
    try:
        return metadata.requires("autorouter") or ()
    except metadata.PackageNotFoundError:
        return ()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def admin(said: str | None) -> list[Finding]:
    """What is wrong with the place of the admin API that was *said*."""
    try:
        admin_at(said)
    except ConfigError as exc:
        return [wrong(NAME, str(exc), "--admin unix:/run/autorouter/admin.sock    # or 127.0.0.1:PORT, or off")]
    return []


def state(folder: Path) -> Finding:
    """Whether a router could write in *folder*."""
    parent = next(each for each in (folder, *folder.parents) if each.exists())
    try:
        with tempfile.NamedTemporaryFile(dir=parent):
            return ok(NAME, f"{folder} can be written to")
    except OSError as exc:
        fix = f"sudo install -d -o {os.environ.get('USER', 'autorouter')} {folder}"
        return wrong(NAME, f"--state {folder} cannot be written to: {exc.strerror}", fix)
