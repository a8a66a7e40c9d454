"""The tensors of each kind of model, as bytes: the other half of ``engines/models/<kind>/1/model.py``."""

import json
from typing import Any, assert_never

from node_agent.core.chat import Finish, Message, Piece, Prompt, Role, Sampling, Usage
from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import Kind, ModelSpec


def encode(prompt: Prompt) -> bytes:
    """The ``prompt`` tensor of the kind ``llm``."""
    sampling = {name: value for name in Sampling.__slots__ if (value := getattr(prompt.sampling, name)) is not None}
    return json.dumps(
        {
            "messages": [{"role": message.role, "content": message.text} for message in prompt.messages],
            "sampling": sampling,
            "stop": prompt.stop,
            "max_tokens": prompt.max_tokens,
        }
    ).encode()


def decode(payload: bytes) -> Piece:
    """The ``piece`` tensor of the kind ``llm``. Raises `EngineError` for an error inside, or what cannot be read."""
    try:
        piece = json.loads(payload)
        if error := piece.get("error"):
            raise _refusal(error)
        text = str(piece["text"])
        text.encode()  # half of a surrogate pair is JSON and cannot be sent on
        return Piece(text, _finish(piece), _usage(piece))
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise EngineError(Fault.BROKEN, "the model's answer cannot be read") from exc


def canary(model: ModelSpec) -> Prompt:
    """The smallest request that proves that *model* answers."""
    match model.kind:
        case Kind.LLM:
            return Prompt(model.name, (Message(Role.USER, "Hi"),), max_tokens=1)
        case _:
            assert_never(model.kind)


def _refusal(error: dict[str, Any]) -> EngineError:
    match error.get("code"):
        case "context":
            return EngineError(Fault.TOO_LONG, str(error.get("message", "the prompt is too long")))
        case "refused":
            return EngineError(Fault.REFUSED, f"the model refuses this: {str(error.get('message', ''))[:160]}")
        case _:
            return EngineError(Fault.BROKEN, "the model failed while answering")


def _finish(piece: dict[str, Any]) -> Finish | None:
    return Finish(piece["finish"]) if piece["finish"] is not None else None


def _usage(piece: dict[str, Any]) -> Usage | None:
    usage = piece["usage"]
    return Usage(int(usage["prompt_tokens"]), int(usage["completion_tokens"])) if usage else None
