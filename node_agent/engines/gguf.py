"""The metadata at the head of a GGUF file, as far as they are strings (github.com/ggml-org/ggml, docs/gguf.md)."""

import struct
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

MAGIC = b"GGUF"
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Type of a value → its bytes."""
STRING, ARRAY = 8, 9
LONGEST = 1 << 20


def strings(path: Path) -> Mapping[str, str]:
    """Key → value of those that are strings. Raises `ValueError` for what is no GGUF."""
    with path.open("rb") as file:
        if file.read(4) != MAGIC:
            raise ValueError("it is no GGUF file")
        _version, _tensors, count = _numbers(file, "IQQ")
        found = {}
        for _ in range(count):
            key = _string(file)
            (kind,) = _numbers(file, "I")
            if kind == STRING:
                found[key] = _string(file)
            else:
                _skip(file, kind)
        return found


def _numbers(file: BinaryIO, form: str) -> tuple[int, ...]:
    form = f"<{form}"
    return struct.unpack(form, _exactly(file, struct.calcsize(form)))


def _exactly(file: BinaryIO, size: int) -> bytes:
    content = file.read(size) if size <= LONGEST else b""
    if len(content) < size:
        raise ValueError("it ends early")
    return content


def _string(file: BinaryIO) -> str:
    (length,) = _numbers(file, "Q")
    return _exactly(file, length).decode()


def _skip(file: BinaryIO, kind: int) -> None:
    if kind != ARRAY:
        file.seek(_size(kind), 1)
        return
    of, count = _numbers(file, "IQ")
    if of == STRING:
        for _ in range(count):
            (length,) = _numbers(file, "Q")
            file.seek(length, 1)
    else:
        file.seek(_size(of) * count, 1)


def _size(kind: int) -> int:
    if kind not in SIZES:
        raise ValueError(f"it has a value of the unknown type {kind}")
    return SIZES[kind]
