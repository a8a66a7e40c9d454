# ruff: noqa: INP001 - lives beside model.py, where Triton dictates the path
"""A BERT encoder, its mean pooling and normalisation, in numpy: 22 million weights need no framework."""

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = Any
"""A numpy array; comments say of what shape."""

EPSILON = 1e-12
"""As it was trained."""


class Bert:
    """The weights by the names that Hugging Face gives them, float32."""

    def __init__(self, weights: Mapping[str, Array], heads: int) -> None:
        self._weights = {name: np.ascontiguousarray(weight, dtype=np.float32) for name, weight in weights.items()}
        self._heads = heads
        self._layers = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))

    def embed(self, ids: Array, mask: Array) -> Array:
        """Unit vectors, (texts, width), of *ids*, (texts, tokens); *mask* is 1 where there is a token, else 0."""
        words, places, kinds = (
            self._weights[f"embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")
        )
        state = self._norm(words[ids] + places[: ids.shape[1]] + kinds[0], "embeddings")
        hidden = np.where(mask, 0.0, -1e9).astype(np.float32)[:, None, None, :]
        for number in range(self._layers):
            state = self._layer(state, hidden, f"encoder.layer.{number}")
        seen = mask[:, :, None].astype(np.float32)
        mean = (state * seen).sum(axis=1) / seen.sum(axis=1)
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def _layer(self, state: Array, hidden: Array, name: str) -> Array:
        attended = self._linear(
            self._attend(state, hidden, f"{name}.attention.self"), f"{name}.attention.output.dense"
        )
        state = self._norm(state + attended, f"{name}.attention.output")
        inner = _gelu(self._linear(state, f"{name}.intermediate.dense"))
        return self._norm(state + self._linear(inner, f"{name}.output.dense"), f"{name}.output")

    def _attend(self, state: Array, hidden: Array, name: str) -> Array:
        texts, tokens, width = state.shape
        query, key, value = (
            self._linear(state, f"{name}.{part}").reshape(texts, tokens, self._heads, -1).transpose(0, 2, 1, 3)
            for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 1, 3, 2) / np.sqrt(np.float32(width // self._heads)) + hidden
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = (scores / scores.sum(axis=-1, keepdims=True)) @ value
        return mixed.transpose(0, 2, 1, 3).reshape(texts, tokens, width)

    def _linear(self, state: Array, name: str) -> Array:
        return state @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]

    def _norm(self, state: Array, name: str) -> Array:
        centred = state - state.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + EPSILON)
        return scaled * self._weights[f"{name}.LayerNorm.weight"] + self._weights[f"{name}.LayerNorm.bias"]


def _gelu(x: Array) -> Array:
    """By the error function, after Abramowitz and Stegun 7.1.26: within 1.5e-7."""
    half = np.abs(x) * np.float32(np.sqrt(0.5))
    t = 1.0 / (1.0 + 0.3275911 * half)
    series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    return 0.5 * x * (1.0 + np.sign(x) * (1.0 - series * np.exp(-half * half)))
