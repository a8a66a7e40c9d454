# ruff: noqa: INP001 - Triton dictates the path <model>/<version>/model.py, which no package name can follow
"""Chat on a GGUF model with llama.cpp, as Triton's Python backend runs it.

Runs in a process of its own that Triton starts: it knows tensors and llama.cpp, nothing of HTTP, regions or
admission, and imports nothing of the agent. One BYTES tensor comes in (``prompt``: a JSON object with *messages* and
*schema*, or with *text*; *sampling*, *stop*, *max_tokens*), one BYTES tensor goes out per step (``piece``: a JSON
object, see `Generation`). That pair is the contract of the kind ``llm``: a model on another runtime that keeps it is
one catalogue entry.
"""

import json
import pathlib
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import gguf
import xllamacpp
from backend import Refused, answering, begin, content, send
from controls import defused, pattern_of

RANDOM = 0xFFFFFFFF
"""llama.cpp's seed for "any". It cuts seeds to 32 bits, so that -1 and others would become it."""

PREFILL_STEP = 256
"""Prompt tokens per batch: between two batches (about 3 s on one slow core) a cancelled request is noticed."""


class TritonPythonModel:
    """What Triton calls. Every request gets a thread, as many at once as the model has slots."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the model. A failure here becomes the reason that Triton gives for the failed load."""
        option = begin(args)
        slots = int(option["slots"])
        # llama.cpp always listens somewhere; a socket in a directory of our own is somewhere nobody else can reach.
        self._private = tempfile.TemporaryDirectory(prefix="llm-")
        self._llama = xllamacpp.Server(_parameters(option, slots, pathlib.Path(self._private.name)))
        self._controls = pattern_of(gguf.controls(pathlib.Path(option["files"]) / "model.gguf"))
        self._closing = threading.Event()
        self._threads = ThreadPoolExecutor(max_workers=slots, thread_name_prefix="generation")

    def execute(self, requests: list[Any]) -> None:
        """Hand each request to a thread; answers leave through its response sender, one per piece."""
        for request in requests:
            prompt = json.loads(content(request, "prompt"))
            for message in prompt.get("messages", ()):
                message["content"] = defused(message["content"], self._controls)
            generation = Generation(request.get_response_sender(), self._closing)
            self._threads.submit(generation.run, self._llama, prompt)

    def finalize(self) -> None:
        """Stop what still generates and wait for it: a thread that outlives the process's end crashes it."""
        self._closing.set()
        self._threads.shutdown(wait=True)
        del self._llama
        self._private.cleanup()


class Generation:
    """One answer on its way out.

    Pieces are ``{"text", "finish", "usage"}``: *text* may be empty while the prompt is being read, the last piece
    has *finish* (``stop`` or ``length``) and *usage*. A prompt that llama.cpp refuses is one
    ``{"error": {"code", "message"}}``.
    """

    def __init__(self, sender: Any, closing: threading.Event) -> None:  # noqa: ANN401 - Triton ships no types
        self._sender = sender
        self._closing = closing
        self._finish: str | None = None
        self._usage: dict[str, int] | None = None
        self._over = False

    def run(self, llama: xllamacpp.Server, prompt: dict[str, Any]) -> None:
        """Generate until the model, the limit or the client ends it."""
        with answering(self._sender):
            handle = llama.handle_completions if "text" in prompt else llama.handle_chat_completions
            try:
                handle(_request(prompt), self._step)
            except ValueError as exc:  # a schema that llama.cpp cannot keep to
                raise Refused(str(exc).rpartition("failed: ")[2]) from exc
            if self._finish is not None and not self._over:
                send(self._sender, {"text": "", "finish": self._finish, "usage": self._usage})

    def _step(self, chunk: dict[str, Any]) -> bool:
        """Forward one chunk of llama.cpp's; True stops the generation."""
        if self._closing.is_set() or self._sender.is_cancelled():
            self._over = True
        elif "error" in chunk:
            self._over = True
            send(self._sender, {"error": _named(chunk["error"])})
        else:
            self._forward(chunk)
        return self._over

    def _forward(self, chunk: dict[str, Any]) -> None:
        if usage := chunk.get("usage"):
            self._usage = {name: usage[name] for name in ("prompt_tokens", "completion_tokens")}
        for choice in chunk["choices"]:
            self._finish = choice["finish_reason"] or self._finish
            if self._finish is None:
                text = choice["text"] if "text" in choice else choice["delta"].get("content")
                send(self._sender, {"text": text or "", "finish": None, "usage": None})


def _request(prompt: dict[str, Any]) -> dict[str, Any]:
    """The prompt in llama.cpp's own words. Progress chunks make a long prompt show life, and notice a cancel."""
    sampling = dict(prompt["sampling"])
    if "seed" in sampling:
        sampling["seed"] %= RANDOM
    if "repetition_penalty" in sampling:
        sampling["repeat_penalty"] = sampling.pop("repetition_penalty")
    streaming = {"stream": True, "stream_options": {"include_usage": True}, "return_progress": True}
    limit = {} if prompt["max_tokens"] is None else {"max_tokens": prompt["max_tokens"]}
    return {**_asked(prompt), "stop": prompt["stop"], **limit, **sampling, **streaming}


def _asked(prompt: dict[str, Any]) -> dict[str, Any]:
    if "text" in prompt:
        return {"prompt": prompt["text"]}
    if prompt["schema"] is None:
        return {"messages": prompt["messages"]}
    schema = {"name": "answer", "schema": json.loads(prompt["schema"])}
    form = {"type": "json_schema", "json_schema": schema} if schema["schema"] else {"type": "json_object"}
    return {"messages": prompt["messages"], "response_format": form}


def _parameters(option: dict[str, str], slots: int, private: pathlib.Path) -> xllamacpp.CommonParams:
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(pathlib.Path(option["files"]) / "model.gguf")
    parameters.n_parallel = slots
    parameters.n_ctx = int(option["context"]) * slots
    parameters.n_batch = PREFILL_STEP
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = int(option["threads"])
    parameters.cache_ram_mib = 0  # else llama.cpp may keep 8 GiB of old prompts
    parameters.prefill_assistant = False  # an assistant message at the end is history, not the start of the answer
    parameters.hostnames = [str(private / "llama.sock")]
    parameters.ui = parameters.endpoint_slots = False
    return parameters


def _named(error: dict[str, Any]) -> dict[str, str]:
    """Whose fault it is; what llama.cpp does not lay on the request is its own."""
    callers = {"exceed_context_size_error": "context", "invalid_request_error": "refused"}
    return {"code": callers.get(str(error.get("type")), "broken"), "message": str(error.get("message", ""))}
