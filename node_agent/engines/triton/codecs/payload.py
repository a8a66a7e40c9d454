"""What crosses to a model's process and back: a JSON object and, where there is sound, its samples."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from node_agent.core.errors import EngineError, Fault
from node_agent.core.task import Usage
from node_agent.core.units import Seconds


@dataclass(frozen=True, slots=True)
class Payload:
    """One request, or one step of its answer: the tensors ``prompt`` or ``piece``, and ``audio``."""

    text: bytes
    """JSON."""
    audio: bytes = b""
    """int16, little endian, mono."""


Fields = Mapping[str, Any]
"""A JSON object of a model's, not yet believed."""


def written(fields: Fields, audio: bytes = b"") -> Payload:
    """A payload of *fields*."""
    return Payload(json.dumps(fields).encode(), audio)


def read(payload: Payload) -> Fields:
    """The fields of a step. Raises `EngineError` for an error that the model tells, `ValueError` for no object."""
    fields = json.loads(payload.text)
    if not isinstance(fields, dict):
        raise ValueError("not an object")  # noqa: TRY004 - every way to be unreadable is one to the caller
    if error := fields.get("error"):
        raise refusal(error)
    return fields


def refusal(error: Fields) -> EngineError:
    """What a model tells of its failure. ``context`` and ``refused`` are the caller's to mend."""
    match error.get("code"):
        case "context":
            return EngineError(Fault.TOO_LONG, str(error.get("message", "the prompt is too long")))
        case "refused":
            return EngineError(Fault.REFUSED, f"the model refuses this: {str(error.get('message', ''))[:160]}")
        case _:
            return EngineError(Fault.BROKEN, "the model failed while answering")


def usage(fields: Fields) -> Usage | None:
    """``usage``: null in all steps but the last; what it leaves out is nothing."""
    told = fields["usage"]
    if told is None:
        return None
    return Usage(
        prompt=int(told.get("prompt_tokens", 0)),
        answer=int(told.get("completion_tokens", 0)),
        heard=Seconds(float(told.get("heard_s", 0.0))),
        characters=int(told.get("characters", 0)),
        spoken=Seconds(float(told.get("spoken_s", 0.0))),
    )
