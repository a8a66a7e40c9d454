"""Files that are there whole or not at all, and that nobody else may read."""

import os
from collections.abc import Iterable
from pathlib import Path


def write(place: Path, parts: Iterable[bytes]) -> None:
    """Make the file at *place* of *parts*; the disk has it when this returns. Raises `OSError`."""
    fresh = place.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as file:
        file.writelines(parts)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(place)
