# ruff: noqa: INP001 - laid beside each model.py, which Triton puts on the path
"""What every program of ours needs inside Triton, laid beside its model.py: options, tensors, an end.

Programs are killed with their Triton, know nothing of the agent and import nothing of it.
"""

import json
import os
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import triton_python_backend_utils as pb

PARENT_POLL_S = 0.5


def begin(args: Mapping[str, str]) -> dict[str, str]:
    """The catalogue's options. From now on this process ends when its Triton does."""
    threading.Thread(target=_end_with_parent, args=(os.getppid(),), daemon=True).start()
    parameters = json.loads(args["model_config"])["parameters"]
    return {name: entry["string_value"] for name, entry in parameters.items()}


def content(request: Any, name: str) -> bytes:  # noqa: ANN401 - Triton ships no types
    """The one string in the tensor *name*; nothing if there is no such tensor."""
    tensor = pb.get_input_tensor_by_name(request, name)
    return b"" if tensor is None else bytes(tensor.as_numpy().reshape(-1)[0])


def send(sender: Any, piece: Mapping[str, Any], audio: bytes = b"") -> None:  # noqa: ANN401 - as above
    """One step of an answer."""
    tensors = [_tensor("piece", json.dumps(piece).encode())]
    if audio:
        tensors.append(_tensor("audio", audio))
    sender.send(pb.InferenceResponse(output_tensors=tensors))


class Refused(Exception):  # noqa: N818 - not an error of anyone's but the caller's
    """The model does not take what is asked. *code* is ``refused``, or ``context``: there is too much of it."""

    def __init__(self, message: str, code: str = "refused") -> None:
        super().__init__(message)
        self.code = code


@contextmanager
def answering(sender: Any) -> Iterator[None]:  # noqa: ANN401 - as above
    """Answer in the block; what it raises is told as the last step, and then there are no more."""
    try:
        yield
    except Refused as exc:
        send(sender, {"error": {"code": exc.code, "message": str(exc)}})
    except Exception as exc:  # noqa: BLE001 - an exception on this thread would be lost, and the request would hang
        send(sender, {"error": {"code": "broken", "message": f"{type(exc).__name__}: {exc}"}})
    finally:
        sender.send(flags=pb.TRITONSERVER_RESPONSE_COMPLETE_FINAL)


def _tensor(name: str, value: bytes) -> Any:  # noqa: ANN401 - as above
    return pb.Tensor(name, np.array([value], dtype=np.object_))


def _end_with_parent(parent: int) -> None:
    """Triton's own runner tries this, and hangs in its exit handlers for ever."""
    while os.getppid() == parent:
        time.sleep(PARENT_POLL_S)
    os._exit(1)
