"""Tasks as tensors, and tensors as steps.

To add a kind: a module like ``llm`` with ``encode``, ``decode`` and ``canary``, a program in ``engines/models``, a
line in `OWN`. To add a contract that other people's models keep: a module like ``vllm``, a line in `FOREIGN`.
"""

from collections.abc import Callable, Mapping
from typing import Any

from node_agent.core.models import Kind, ModelSpec
from node_agent.core.task import Step, Task
from node_agent.engines.triton.codecs import embedding, llm, stt, trtllm, tts, vad, vllm
from node_agent.engines.triton.codecs.codec import Codec, Foreign, Own, Reader
from node_agent.engines.triton.codecs.payload import Payload
from node_agent.engines.triton.codecs.tensors import Tensors

OWN: Mapping[Kind, tuple[Callable[[Any], Payload], Callable[[Payload], Step], Callable[[ModelSpec], Task[Step]]]] = {
    Kind.LLM: (llm.encode, llm.decode, llm.canary),
    Kind.STT: (stt.encode, stt.decode, stt.canary),
    Kind.TTS: (tts.encode, tts.decode, tts.canary),
    Kind.VAD: (vad.encode, vad.decode, vad.canary),
    Kind.EMBEDDING: (embedding.encode, embedding.decode, embedding.canary),
}

FOREIGN: Mapping[str, tuple[Callable[[Any, ModelSpec], Tensors], Callable[[Any, ModelSpec], Reader]]] = {
    "vllm": (vllm.encode, vllm.Reader),
    "tensorrt-llm": (trtllm.encode, trtllm.Reader),
}


def codec_of(model: ModelSpec) -> Codec:
    """The codec of *model*. Raises `ConfigError` if its entry lacks what its contract needs."""
    if model.contract:
        return Foreign(model, *FOREIGN[model.contract])
    return Own(model, *OWN[model.kind])
