"""Tensors as tritonclient takes and gives them: one value each, in the type that the model's contract names."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Tensor: TypeAlias = NDArray[np.generic]
Tensors = Mapping[str, Tensor]
"""By name; of one request or of one step of its answer."""


def strings(*content: bytes) -> Tensor:
    """BYTES."""
    return np.array(content, dtype=np.object_)


def yes() -> Tensor:
    """BOOL: true."""
    return np.array([True])


def whole(value: int) -> Tensor:
    """INT32."""
    return np.array([value], dtype=np.int32)


def seed(value: int) -> Tensor:
    """UINT64."""
    return np.array([value % 2**64], dtype=np.uint64)


def real(value: float) -> Tensor:
    """FP32."""
    return np.array([value], dtype=np.float32)


def string_in(tensors: Tensors, name: str) -> bytes:
    """The one string in the tensor *name*. Raises `KeyError` without one, `ValueError` for anything else."""
    tensor = tensors[name]
    if tensor.size != 1 or not isinstance(content := tensor.reshape(-1)[0], bytes):
        raise ValueError(f"{name} is not one string")
    return content


def count_in(tensors: Tensors, name: str) -> int:
    """The one number in the tensor *name*, likewise."""
    tensor = tensors[name]
    if tensor.size != 1 or not isinstance(number := tensor.reshape(-1)[0], np.integer):
        raise ValueError(f"{name} is not one number")
    return int(number)
