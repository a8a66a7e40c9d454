"""The metadata at the head of a GGUF file: its strings, and its control tokens (ggml-org/ggml, docs/gguf.md).

Laid beside the programs that run such files, too: it imports nothing of the agent.
"""

import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

MAGIC = b"GGUF"
SIZES = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
"""Type of a value → its bytes."""
STRING, ARRAY = 8, 9
CONTROL = 3
"""Of the types of tokens."""
LONGEST = 1 << 20


def strings(path: Path) -> Mapping[str, str]:
    """Key → value of those that are strings. Raises `ValueError` for what is no GGUF."""
    found = {}
    with path.open("rb") as file:
        for key, kind in _entries(file):
            if kind == STRING:
                found[key] = _string(file)
            else:
                _skip(file, kind)
    return found


def controls(path: Path) -> tuple[str, ...]:
    """The tokens that are no text, such as ``<|im_end|>``. Raises `ValueError` likewise."""
    tokens: list[str] = []
    kinds: tuple[int, ...] = ()
    with path.open("rb") as file:
        for key, kind in _entries(file):
            if key == "tokenizer.ggml.tokens":
                _of, count = _numbers(file, "IQ")
                tokens = [_string(file) for _ in range(count)]
            elif key == "tokenizer.ggml.token_type":
                _of, count = _numbers(file, "IQ")
                kinds = struct.unpack(f"<{count}i", file.read(4 * count))
            else:
                _skip(file, kind)
    return tuple(token for token, kind in zip(tokens, kinds, strict=True) if kind == CONTROL)


def _entries(file: BinaryIO) -> Iterator[tuple[str, int]]:
    """Key and type of each entry; who iterates reads its value, or skips it."""
    if file.read(4) != MAGIC:
        raise ValueError("it is no GGUF file")
    _version, _tensors, count = _numbers(file, "IQQ")
    for _ in range(count):
        key = _string(file)
        yield key, _numbers(file, "I")[0]


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
    if kind == STRING:
        _string(file)
        return
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
