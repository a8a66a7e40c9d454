"""Every shape that a failure of Triton takes, as one.

Seen on the wire: an error item in a stream, a raw AioRpcError out of the iterator, an InferenceServerException from
a unary call, a CancelledError that nobody asked for, and a time-out. The texts are Triton's own and are matched,
never shown: they may hold a traceback and paths of this machine.
"""

import grpc  # type: ignore[import-untyped] # gRPC ships no types
from tritonclient.utils import InferenceServerException

from node_agent.core.errors import EngineError, Fault

SIGNS: tuple[tuple[str, Fault], ...] = (
    ("is not healthy", Fault.DEAD),
    ("stub process", Fault.DEAD),
    ("no available versions", Fault.DRAINING),
    ("not ready", Fault.DRAINING),
    ("unknown model", Fault.UNKNOWN_MODEL),
    ("not found", Fault.UNKNOWN_MODEL),
    ("maximum model length", Fault.TOO_LONG),
    ("max_input_len", Fault.TOO_LONG),
    ("deadline exceeded", Fault.SILENT),
    ("socket closed", Fault.UNREACHABLE),
    ("failed to connect", Fault.UNREACHABLE),
)
"""What Triton, gRPC, vLLM or TensorRT-LLM says, in lower case → what it means. The first that fits decides: one text
may hold several."""

DETAIL = {
    Fault.UNREACHABLE: "the engine cannot be reached",
    Fault.DRAINING: "the engine is unloading the model",
    Fault.DEAD: "the process that runs the model has died",
    Fault.SILENT: "the engine did not answer in time",
    Fault.UNKNOWN_MODEL: "the engine does not know the model",
    Fault.TOO_LONG: "the prompt does not fit the model's context",
    Fault.BROKEN: "the model failed while answering",
}

STATUS = {
    "StatusCode.UNAVAILABLE": Fault.UNREACHABLE,
    "StatusCode.DEADLINE_EXCEEDED": Fault.SILENT,
    "StatusCode.CANCELLED": Fault.UNREACHABLE,
}
"""What a status means when no sign is in the text. (Text alone misleads: "version 1 is at UNAVAILABLE state" is what
Triton says of a model that cannot be loaded.)"""


def translate(exc: BaseException) -> EngineError:
    """The one exception that the rest of the agent knows, for *exc*. To be chained: ``raise … from exc``."""
    fault = _fault(exc)
    return EngineError(fault, DETAIL[fault])


def _fault(exc: BaseException) -> Fault:
    text = _text(exc).lower()
    for sign, fault in SIGNS:
        if sign in text:
            return fault
    if isinstance(exc, (grpc.aio.AioRpcError, InferenceServerException)):
        return STATUS.get(_status(exc), Fault.BROKEN)
    if isinstance(exc, TimeoutError):
        return Fault.SILENT
    if isinstance(exc, grpc.aio.UsageError):
        return Fault.UNREACHABLE  # the channel was closed between two steps
    return Fault.BROKEN


def _text(exc: BaseException) -> str:
    match exc:
        case grpc.aio.AioRpcError():
            return str(exc.details())
        case InferenceServerException():
            return str(exc.message() or "")
        case _:
            return ""


def _status(exc: grpc.aio.AioRpcError | InferenceServerException) -> str:
    return str(exc.code() if isinstance(exc, grpc.aio.AioRpcError) else exc.status())
