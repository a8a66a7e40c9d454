# ruff: noqa: INP001 - Triton dictates the path <model>/<version>/model.py, which no package name can follow
"""Speech to text with Whisper on CTranslate2, as Triton's Python backend runs it.

Runs in a process of its own that Triton starts: it knows tensors and faster-whisper, nothing of HTTP, regions or
admission, and imports nothing of the agent. In come ``prompt`` (a JSON object with *language*, *prompt*,
*temperature*, *words*, *translate*) and ``audio`` (int16 samples, mono, 16 kHz); out goes one ``piece`` per segment
(a JSON object, see `Transcription`) as soon as it is decoded. That is the contract of the kind ``stt``.
"""

import json
import os
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"  # what is not among the model's files is not fetched either

import numpy as np
import numpy.typing as npt
from backend import Refused, answering, begin, content, send
from faster_whisper import WhisperModel

RATE = 16_000

WARMER = (0.0, 0.6)
"""Temperatures tried one after the other where the text repeats itself or is unlikely. Each try may take 8 s of a
busy core without a sign of life: with Whisper's own six a well model would be taken for a dead one."""


class TritonPythonModel:
    """What Triton calls. Every request gets a thread, as many at once as the model has slots."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the model. A failure here becomes the reason that Triton gives for the failed load."""
        option = begin(args)
        slots = int(option["slots"])
        self._whisper = WhisperModel(
            option["files"],
            device="cpu",
            compute_type="int8",
            cpu_threads=int(option["threads"]),
            num_workers=slots,
            local_files_only=True,
        )
        self._closing = threading.Event()
        self._threads = ThreadPoolExecutor(max_workers=slots, thread_name_prefix="transcription")

    def execute(self, requests: list[Any]) -> None:
        """Hand each request to a thread; answers leave through its response sender, one per segment."""
        for request in requests:
            task = json.loads(content(request, "prompt"))
            transcription = Transcription(request.get_response_sender(), self._closing)
            self._threads.submit(transcription.run, self._whisper, task, content(request, "audio"))

    def finalize(self) -> None:
        """Stop what still listens and wait for it: a thread that outlives the process's end crashes it."""
        self._closing.set()
        self._threads.shutdown(wait=True)
        del self._whisper


class Transcription:
    """One answer on its way out.

    Pieces are ``{"segment", "language", "usage"}``: the last one has *usage* and no segment, the first one has
    neither and tells that the language is known. A failure is one ``{"error": {"code", "message"}}``.
    """

    def __init__(self, sender: Any, closing: threading.Event) -> None:  # noqa: ANN401 - Triton ships no types
        self._sender = sender
        self._closing = closing

    def run(self, whisper: WhisperModel, task: dict[str, Any], audio: bytes) -> None:
        """Listen until the recording or the client ends it."""
        with answering(self._sender):
            self._hear(whisper, task, np.frombuffer(audio, np.int16))

    def _hear(self, whisper: WhisperModel, task: dict[str, Any], samples: npt.NDArray[np.int16]) -> None:
        if refused := _refused(whisper, task, samples):
            raise Refused(refused)
        segments, info = whisper.transcribe(samples.astype(np.float32) / 32768, **_options(task))
        piece = {"segment": None, "language": info.language, "usage": None}
        send(self._sender, piece)
        for segment in self._wanted(segments):
            send(self._sender, {**piece, "segment": _told(segment)})
        if not self._is_over():
            send(self._sender, {**piece, "usage": {"heard_s": len(samples) / RATE}})

    def _wanted(self, segments: Iterable[Any]) -> Iterable[Any]:
        """*segments* until nobody wants them any more: the rest is then never decoded."""
        for segment in segments:
            if self._is_over():
                return
            yield segment

    def _is_over(self) -> bool:
        return self._closing.is_set() or self._sender.is_cancelled()


def _refused(whisper: WhisperModel, task: dict[str, Any], samples: npt.NDArray[np.int16]) -> str:
    """Why the model does not take this; empty if it does."""
    if not len(samples):
        return "there is no sound"
    if task["translate"] and not whisper.model.is_multilingual:
        return "it does not translate"
    if task["language"] is not None and task["language"] not in whisper.supported_languages:
        return "it does not hear this language"
    return ""


def _options(task: dict[str, Any]) -> dict[str, Any]:
    """What is asked, in faster-whisper's words."""
    return {
        "language": task["language"],
        "task": "translate" if task["translate"] else "transcribe",
        "initial_prompt": task["prompt"] or None,
        "temperature": task["temperature"] or WARMER,
        "word_timestamps": task["words"],
        "condition_on_previous_text": False,  # else what it repeats in one window it repeats in all that follow
        "beam_size": 1,  # five heard the same sentences here, and took up to twice as long
    }


def _told(segment: Any) -> dict[str, Any]:  # noqa: ANN401 - faster-whisper's own Segment, whatever its version
    """In numbers of Python's own: NumPy's are not JSON."""
    return {
        "text": segment.text,
        "start": float(segment.start),
        "end": float(segment.end),
        "seek": int(segment.seek),
        "tokens": [int(token) for token in segment.tokens],
        "temperature": float(segment.temperature or 0.0),
        "avg_logprob": float(segment.avg_logprob),
        "compression_ratio": float(segment.compression_ratio),
        "no_speech_prob": float(segment.no_speech_prob),
        "words": [
            {"text": word.word, "start": float(word.start), "end": float(word.end)} for word in segment.words or []
        ],
    }
