# ruff: noqa: INP001 - Triton dictates the path <model>/<version>/model.py, which no package name can follow
"""When somebody speaks, told by Silero's network on ONNX Runtime, as Triton's Python backend runs it.

Runs in a process of its own that Triton starts, and imports nothing of the agent. In come ``prompt`` (a JSON object
with *threshold*, *pause_s*) and ``audio`` (int16 samples, mono, 16 kHz); out goes one ``piece``,
``{"spans", "usage"}``, whose spans are pairs of seconds. That is the contract of the kind ``vad``.
"""

import json
import pathlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from backend import answering, begin, content, send

RATE = 16_000

WINDOW, CONTEXT = 512, 64
"""Samples that one probability is of, and those before them that the network wants to see too."""

BATCH = 2048
"""Windows at once: a minute of sound, 5 MB."""

CLING = 0.15
"""So much less sure the model may be once somebody speaks."""

Numbers = npt.NDArray[np.float32]


class TritonPythonModel:
    """What Triton calls. Every request gets a thread, as many at once as the model has slots."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the model. A failure here becomes the reason that Triton gives for the failed load."""
        option = begin(args)
        options = onnxruntime.SessionOptions()
        options.inter_op_num_threads, options.intra_op_num_threads = 1, int(option["threads"])
        path = str(pathlib.Path(option["files"]) / "silero.onnx")
        self._network = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self._threads = ThreadPoolExecutor(max_workers=int(option["slots"]), thread_name_prefix="detection")

    def execute(self, requests: list[Any]) -> None:
        """Hand each request to a thread."""
        for request in requests:
            task = json.loads(content(request, "prompt"))
            self._threads.submit(self._run, request.get_response_sender(), task, content(request, "audio"))

    def finalize(self) -> None:
        """Wait for what still runs: a thread that outlives the process's end crashes it."""
        self._threads.shutdown(wait=True)

    def _run(self, sender: Any, task: dict[str, Any], audio: bytes) -> None:  # noqa: ANN401 - Triton ships no types
        with answering(sender):
            samples = np.frombuffer(audio, np.int16)
            sure = _probabilities(self._network, samples.astype(np.float32) / 32768)
            spans = _spans(sure, task["threshold"], task["pause_s"], len(samples) / RATE)
            send(sender, {"spans": spans, "usage": {"heard_s": len(samples) / RATE}})


def _probabilities(network: onnxruntime.InferenceSession, samples: Numbers) -> Numbers:
    """How likely somebody speaks, window by window."""
    whole = np.concatenate((np.zeros(CONTEXT, np.float32), samples, np.zeros(-len(samples) % WINDOW, np.float32)))
    windows = np.lib.stride_tricks.sliding_window_view(whole, CONTEXT + WINDOW)[::WINDOW]
    state = {"h": np.zeros((1, 1, 128), np.float32), "c": np.zeros((1, 1, 128), np.float32)}
    found = [np.zeros(0, np.float32)]
    for start in range(0, len(windows), BATCH):
        batch = np.ascontiguousarray(windows[start : start + BATCH])
        output, state["h"], state["c"] = network.run(None, {"input": batch, **state})
        found.append(output.reshape(-1))
    return np.concatenate(found)


def _spans(sure: Numbers, threshold: float, pause: float, length: float) -> list[tuple[float, float]]:
    """Where *sure* says speech, over pauses that are too short to be one."""
    spans: list[tuple[float, float]] = []
    start = end = None
    for number, each in enumerate(sure):
        moment = number * WINDOW / RATE
        if each >= (threshold if start is None else threshold - CLING):
            start = moment if start is None else start
            end = moment + WINDOW / RATE
        elif start is not None and end is not None and moment - end >= pause:
            spans.append((start, end))
            start = end = None
    if start is not None and end is not None:
        spans.append((start, min(end, length)))
    return spans
