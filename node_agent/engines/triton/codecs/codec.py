"""What a codec is, and its two makes: for models that run a program of ours, and for those of the world."""

from collections.abc import Callable
from typing import Any, Protocol

from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import ModelSpec
from node_agent.core.task import Step, Task
from node_agent.engines.triton.codecs import llm
from node_agent.engines.triton.codecs.payload import Payload
from node_agent.engines.triton.codecs.tensors import Tensors, string_in, strings
from node_agent.engines.triton.codecs.wording import template_of


class Reader(Protocol):
    """Reads one answer."""

    def read(self, answer: Tensors) -> Step:
        """One step. May raise whatever reading raises: see `UNREADABLE`."""
        ...

    def end(self) -> Step | None:
        """The last step, if the model does not tell one."""
        ...


class Codec(Protocol):
    """How one model is asked, and how it answers."""

    def encode(self, task: Any) -> Tensors:  # noqa: ANN401 - a task of the model's kind
        """The request. Raises `EngineError` for what the model does not take."""
        ...

    def reader(self, task: Any) -> Reader:  # noqa: ANN401 - as above
        """For the answer to it."""
        ...

    def canary(self) -> Task[Step]:
        """The smallest request that proves that the model answers."""
        ...


UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)


def read(reader: Reader, answer: Tensors) -> Step:
    """One step. Raises `EngineError` for an error inside, or what cannot be read."""
    try:
        return reader.read(answer)
    except UNREADABLE as exc:
        raise EngineError(Fault.BROKEN, "the model's answer cannot be read") from exc


class Own:
    """For a model that runs a program of ours, or keeps its contract: JSON and samples, each in one tensor."""

    def __init__(
        self,
        model: ModelSpec,
        encode: Callable[[Any], Payload],
        decode: Callable[[Payload], Step],
        canary: Callable[[ModelSpec], Task[Step]],
    ) -> None:
        self._model = model
        self._encode = encode
        self._decode = decode
        self._canary = canary

    def encode(self, task: Any) -> Tensors:  # noqa: ANN401 - as above
        """``prompt``, and ``audio`` if there is any."""
        payload = self._encode(task)
        audio = {"audio": strings(payload.audio)} if payload.audio else {}
        return {"prompt": strings(payload.text), **audio}

    def reader(self, _task: Any) -> Reader:  # noqa: ANN401 - as above
        """Each step says all there is to know of it."""
        return self

    def read(self, answer: Tensors) -> Step:
        """``piece``, and ``audio`` if there is any."""
        audio = string_in(answer, "audio") if "audio" in answer else b""
        return self._decode(Payload(string_in(answer, "piece"), audio))

    def end(self) -> None:
        """It told."""

    def canary(self) -> Task[Step]:
        """Its kind's."""
        return self._canary(self._model)


class Foreign:
    """For a model of the kind ``llm`` that takes text, in tensors of somebody else's choice."""

    def __init__(
        self,
        model: ModelSpec,
        encode: Callable[[Any, ModelSpec], Tensors],
        reader: Callable[[Any, ModelSpec], Reader],
    ) -> None:
        template_of(model)  # a missing one is told at the start, not by the first request
        self._model = model
        self._encode = encode
        self._reader = reader

    def encode(self, task: Any) -> Tensors:  # noqa: ANN401 - as above
        """Its tensors."""
        return self._encode(task, self._model)

    def reader(self, task: Any) -> Reader:  # noqa: ANN401 - as above
        """What its answers do not tell is counted."""
        return self._reader(task, self._model)

    def canary(self) -> Task[Step]:
        """One token."""
        return llm.canary(self._model)
