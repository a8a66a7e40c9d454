"""The agent's end of Triton's gRPC, with a deadline on every call and one exception for every failure."""

import asyncio
import struct
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import grpc  # type: ignore[import-untyped] # gRPC ships no types
from tritonclient.grpc import InferInput, InferResult
from tritonclient.grpc.aio import InferenceServerClient
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from node_agent.core.errors import EngineError, Fault
from node_agent.engines.triton.codecs.tensors import Tensor, Tensors
from node_agent.engines.triton.faults import DETAIL, translate

ASK_S = 2.0
"""Deadline of a question about state; Triton answers them in 0.2 to 0.5 ms when it is well."""

LOAD_S = 300.0
"""Deadline of a load: large weights come from slow disks."""

LEAVE_S = 0.05
"""For an answer to end by itself before it is cancelled: a short one of a fast model has ended long before."""

VENDOR_ERRORS = (InferenceServerException, grpc.RpcError, grpc.aio.UsageError, grpc.aio.InternalError, TimeoutError)
UNREADABLE = (ValueError, struct.error)
"""What tritonclient raises for an answer that says one size and has another."""

Answer = TypeVar("Answer")


class Link:
    """One channel. It reconnects by itself after an outage (1.2 to 1.7 s); closing it is the owner's task."""

    def __init__(self, address: str) -> None:
        self._client = InferenceServerClient(address)
        self._open: defaultdict[str, set[Any]] = defaultdict(set)
        """By model, the answers under way."""

    async def live(self) -> bool:
        """True if Triton answers at all."""
        return bool(await _asked(self._client.is_server_live(client_timeout=ASK_S)))

    async def version(self) -> str:
        """Triton's own version, such as ``2.70.0``."""
        answer = await _asked(self._client.get_server_metadata(client_timeout=ASK_S))
        return str(answer.version)

    async def ready(self, model: str, version: str) -> bool:
        """Triton's word for it. It says True of a model whose process is dead: see `census`."""
        return bool(await _asked(self._client.is_model_ready(model, version, client_timeout=ASK_S)))

    async def load(self, model: str) -> None:
        """Return when *model* is loaded; a load of what is loaded does nothing."""
        await _asked(self._client.load_model(model, client_timeout=LOAD_S))

    async def unload(self, model: str) -> None:
        """Return when Triton has begun to unload *model*; it never says when it is done."""
        await _asked(self._client.unload_model(model, client_timeout=ASK_S))

    async def stream(self, model: str, asked: Tensors) -> AsyncGenerator[Tensors, None]:
        """The answers of one request.

        Leaving the generator early cancels the request (close it: ``aclosing``). No deadline: the caller knows how
        long silence may last.
        """
        answers = self._client.stream_infer(_once(model, asked))
        self._open[model].add(answers)
        try:
            async with _translated():
                async for result, error in answers:
                    if error is not None:
                        raise translate(error) from error
                    yield _tensors(result)
        finally:
            self._open[model].discard(answers)
            await _leave(answers)

    def drop(self, model: str) -> None:
        """End the requests that *model*'s process took along: Triton 2.51 never answers those that it had begun."""
        for answers in self._open.pop(model, ()):
            answers.cancel()

    async def close(self) -> None:
        """Close the channel. Calls under way end as if they had been cancelled."""
        await self._client.close()


async def _leave(answers: Any) -> None:  # noqa: ANN401 - tritonclient's iterator has no type of its own
    """Wait a moment for the end of *answers*, then cancel them: without it the model would generate on for nobody.

    Triton 2.51 crashes on a cancel that meets the end. An answer that is about to end by itself is let.
    """
    try:
        with suppress(Exception):
            async with asyncio.timeout(LEAVE_S):
                async for _ in answers:
                    pass
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
    finally:
        answers.cancel()


async def _once(model: str, asked: Tensors) -> AsyncIterator[dict[str, Any]]:
    """One request. Nothing in here may fail: tritonclient turns that into a CancelledError in the reader."""
    yield {"model_name": model, "inputs": [_input(name, tensor) for name, tensor in asked.items()]}


def _input(name: str, tensor: Tensor) -> InferInput:
    asked = InferInput(name, tensor.shape, np_to_triton_dtype(tensor.dtype))
    asked.set_data_from_numpy(tensor)
    return asked


def _tensors(result: InferResult) -> Tensors:
    """One answer. What an answer says one size of and has another, tritonclient raises as any of `UNREADABLE`."""
    return {output.name: result.as_numpy(output.name) for output in result.get_response().outputs}


async def _asked(call: Awaitable[Answer]) -> Answer:
    async with _translated():
        return await call


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except EngineError:
        raise
    except (*VENDOR_ERRORS, *UNREADABLE) as exc:
        raise translate(exc) from exc
    except asyncio.CancelledError as exc:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        # Nobody cancelled this task: it is gRPC's own way to say that the channel was closed under the call.
        raise EngineError(Fault.UNREACHABLE, DETAIL[Fault.UNREACHABLE]) from exc
