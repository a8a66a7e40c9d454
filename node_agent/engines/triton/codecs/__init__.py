"""Tasks as tensors, and tensors as steps: the other half of ``engines/models/<kind>/1/model.py``.

To add a kind: a module like the others with ``encode``, ``decode`` and ``canary``, a line below.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import Kind, ModelSpec
from node_agent.core.task import Step, Task
from node_agent.engines.triton.codecs import embedding, llm, stt, tts, vad
from node_agent.engines.triton.codecs.payload import Payload


@dataclass(frozen=True, slots=True)
class Codec:
    """What one kind of model is asked, and answers."""

    encode: Callable[[Any], Payload]
    read: Callable[[Payload], Step]
    canary: Callable[[ModelSpec], Task[Step]]
    """The smallest request that proves that a model answers."""

    def decode(self, payload: Payload) -> Step:
        """One step. Raises `EngineError` for an error inside, or what cannot be read."""
        try:
            return self.read(payload)
        except (ValueError, KeyError, TypeError, AttributeError) as exc:
            raise EngineError(Fault.BROKEN, "the model's answer cannot be read") from exc


CODECS: Mapping[Kind, Codec] = {
    Kind.LLM: Codec(llm.encode, llm.decode, llm.canary),
    Kind.STT: Codec(stt.encode, stt.decode, stt.canary),
    Kind.TTS: Codec(tts.encode, tts.decode, tts.canary),
    Kind.VAD: Codec(vad.encode, vad.decode, vad.canary),
    Kind.EMBEDDING: Codec(embedding.encode, embedding.decode, embedding.canary),
}
