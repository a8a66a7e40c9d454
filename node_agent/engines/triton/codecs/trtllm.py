"""The contract ``tensorrt-llm``: a text in, as the ``tensorrt_llm_bls`` or ``ensemble`` of its backend take it.

It tells deltas and nothing else: neither why an answer ended nor how many tokens it read. A delta counts as a token
written, an answer as long as it was allowed to be counts as cut, and what was read is estimated.
"""

from collections.abc import Callable, Mapping

from node_agent.core.chat import Beginning, Finish, Manner, Piece, Prompt
from node_agent.core.models import ModelSpec
from node_agent.core.task import Usage
from node_agent.engines.triton.codecs.tensors import Tensor, Tensors, real, seed, string_in, strings, whole, yes
from node_agent.engines.triton.codecs.wording import worded

BYTES_PER_TOKEN = 4
"""Of English, in vocabularies of today."""

SAMPLING: Mapping[str, tuple[str, Callable[..., Tensor]]] = {
    "temperature": ("temperature", real),
    "top_p": ("top_p", real),
    "top_k": ("top_k", whole),
    "repetition_penalty": ("repetition_penalty", real),
    "frequency_penalty": ("frequency_penalty", real),
    "presence_penalty": ("presence_penalty", real),
    "seed": ("random_seed", seed),
}
"""Our name → its name and type. It has no ``min_p``."""


def encode(task: Prompt | Beginning, model: ModelSpec) -> Tensors:
    """``text_input``, ``max_tokens``, ``stop_words``, ``stream``, and how to sample; each of a batch of one."""
    text = worded(task, model).encode()
    asked = {"text_input": strings(text), "max_tokens": whole(_limit(task.manner, text, model)), "stream": yes()}
    if task.manner.stop:
        asked["stop_words"] = strings(*(stop.encode() for stop in task.manner.stop))
    for name, (its, tensor) in SAMPLING.items():
        if (value := getattr(task.manner.sampling, name)) is not None:
            asked[its] = tensor(value)
    return {name: tensor.reshape(1, -1) for name, tensor in asked.items()}


def _limit(manner: Manner, text: bytes, model: ModelSpec) -> int:
    room = max(1, model.context - _tokens(text))
    return min(room, manner.max_tokens or room)


def _tokens(text: bytes) -> int:
    return -(-len(text) // BYTES_PER_TOKEN)


class Reader:
    """Counts the deltas."""

    def __init__(self, task: Prompt | Beginning, model: ModelSpec) -> None:
        text = worded(task, model).encode()
        self._read = _tokens(text)
        self._limit = _limit(task.manner, text, model)
        self._written = 0

    def read(self, answer: Tensors) -> Piece:
        """One delta."""
        text = string_in(answer, "text_output").decode()
        self._written += bool(text)
        return Piece(text)

    def end(self) -> Piece:
        """What it does not tell, as far as it can be known."""
        finish = Finish.LENGTH if self._written >= self._limit else Finish.STOP
        return Piece("", finish, Usage(self._read, self._written))
