"""The contract ``vllm``: a text in, as Triton's vLLM backend takes it, deltas out. Its names are those of 24.12."""

import json

from node_agent.core.chat import Beginning, Finish, Manner, Piece, Prompt, Sampling
from node_agent.core.models import ModelSpec
from node_agent.core.task import Usage
from node_agent.engines.triton.codecs.tensors import Tensors, count_in, string_in, strings, yes
from node_agent.engines.triton.codecs.wording import worded

COUNTS = ("return_finish_reason", "return_num_input_tokens", "return_num_output_tokens")
ENDS = {"stop": Finish.STOP, "length": Finish.LENGTH}
"""What vLLM says at the end; before it, ``None`` as a word."""


def encode(task: Prompt | Beginning, model: ModelSpec) -> Tensors:
    """``text_input``, ``sampling_parameters``, and what is to be told besides."""
    sampling = json.dumps(_sampling(task.manner, model)).encode()
    return {
        "text_input": strings(worded(task, model).encode()),
        "sampling_parameters": strings(sampling),
        "stream": yes(),
        "exclude_input_in_output": yes(),
        **{name: yes() for name in COUNTS},
    }


def _sampling(manner: Manner, model: ModelSpec) -> dict[str, object]:
    """VLLM's own names are ours. Its limit is 16 tokens unless one is given."""
    chosen = {name: value for name in Sampling.__slots__ if (value := getattr(manner.sampling, name)) is not None}
    return {**chosen, "stop": list(manner.stop), "max_tokens": manner.max_tokens or model.context}


class Reader:
    """Counts what each delta tells."""

    def __init__(self, _task: Prompt | Beginning, _model: ModelSpec) -> None:
        self._written = 0

    def read(self, answer: Tensors) -> Piece:
        """One delta; the last has a finish reason."""
        self._written += count_in(answer, "num_output_tokens")
        text = string_in(answer, "text_output").decode()
        finish = ENDS.get(string_in(answer, "finish_reason").decode())
        if finish is None:
            return Piece(text)
        return Piece(text, finish, Usage(count_in(answer, "num_input_tokens"), self._written))

    def end(self) -> None:
        """It told."""
