# ruff: noqa: INP001 - Triton dictates the path <model>/<version>/model.py, which no package name can follow
"""Speech by Kokoro-82M with onnxruntime, as Triton's Python backend runs it.

Runs in a process of its own that Triton starts; imports nothing of the agent. In comes the BYTES tensor
``prompt``: a JSON object with *text*, *voice*, *speed*. Out goes, per portion of speech, ``piece``: a JSON object
with *usage* (null but in the last one: *characters*, *spoken_s*), and ``audio``: int16, little endian, mono, 24 kHz.
That is the contract of the kind ``tts``: a model on another runtime that keeps it is one catalogue entry.
"""

import json
import pathlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime
from backend import Refused, answering, begin, content, send
from phonemes import Phonemizer
from portions import portions

RATE = 24_000
LOUD = 0.004
"""Of full scale; what is fainter at the ends is cut off: 0.3 s before each portion and 0.5 s after it."""

MARGIN = int(0.04 * RATE)
PAUSES = {".": 0.3, "!": 0.3, "?": 0.3, ";": 0.2, ":": 0.2, "—": 0.15, ",": 0.12, "…": 0.3}
"""Seconds after a mark; a portion that ends at a mere word is followed by the next at once."""


class TritonPythonModel:
    """What Triton calls. Every request gets a thread, as many at once as the model has slots."""

    def initialize(self, args: dict[str, str]) -> None:
        """Load the model. A failure here becomes the reason that Triton gives for the failed load."""
        option = begin(args)
        self._kokoro = Kokoro(pathlib.Path(option["files"]), int(option["threads"]))
        self._closing = threading.Event()
        self._threads = ThreadPoolExecutor(max_workers=int(option["slots"]), thread_name_prefix="speech")

    def execute(self, requests: list[Any]) -> None:
        """Hand each request to a thread; sound leaves through its response sender as soon as there is some."""
        for request in requests:
            asked = json.loads(content(request, "prompt"))
            self._threads.submit(Reading(request.get_response_sender(), self._closing).run, self._kokoro, asked)

    def finalize(self) -> None:
        """Stop what still speaks and wait for it: a thread that outlives the process's end crashes it."""
        self._closing.set()
        self._threads.shutdown(wait=True)


class Kokoro:
    """The model, its voices and its alphabet."""

    def __init__(self, files: pathlib.Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self._session = onnxruntime.InferenceSession(
            str(files / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._tokens = json.loads((files / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        self._voices = {
            place.stem: np.fromfile(place, dtype=np.float32).reshape(-1, 1, 256) for place in files.glob("*.bin")
        }
        self._phonemizer = Phonemizer()

    def phonemes(self, text: str, voice: str) -> str:
        """What *voice* has to say, in letters that it knows; of a voice's name the first letter is the accent."""
        if voice not in self._voices:
            raise Refused(f"there is no voice {voice!r:.60}")
        phonemes = self._phonemizer.phonemes(text, british=voice.startswith("b"))
        return "".join(letter for letter in phonemes if letter in self._tokens)

    def speak(self, portion: str, voice: str, speed: float) -> bytes:
        """The sound of one portion, and the pause after it."""
        tokens = [self._tokens[letter] for letter in portion]
        styles = self._voices[voice]
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
            "style": styles[min(len(tokens), len(styles)) - 1],
            "speed": np.array([speed], dtype=np.float32),
        }
        sound = _trimmed(self._session.run(None, inputs)[0].reshape(-1))
        pause = np.zeros(int(PAUSES.get(portion[-1], 0.0) / speed * RATE), dtype=np.float32)
        return bytes((np.concatenate([sound, pause]).clip(-1.0, 1.0) * 32767).astype("<i2").tobytes())


class Reading:
    """One text on its way out."""

    def __init__(self, sender: Any, closing: threading.Event) -> None:  # noqa: ANN401 - Triton ships no types
        self._sender = sender
        self._closing = closing

    def run(self, kokoro: Kokoro, asked: dict[str, Any]) -> None:
        """Speak until the text, the client or the end of this process ends it."""
        with answering(self._sender):
            self._read(kokoro, asked["text"], asked["voice"], asked["speed"])

    def _read(self, kokoro: Kokoro, text: str, voice: str, speed: float) -> None:
        phonemes = kokoro.phonemes(text, voice)
        if not any(letter.isalpha() for letter in phonemes):
            raise Refused("there is nothing in the text that can be spoken")
        spoken = 0
        for portion in portions(phonemes, speed):
            if self._closing.is_set() or self._sender.is_cancelled():
                return
            sound = kokoro.speak(portion, voice, speed)
            spoken += len(sound) // 2
            send(self._sender, {"usage": None}, sound)
        send(self._sender, {"usage": {"characters": len(text), "spoken_s": spoken / RATE}})


def _trimmed(sound: Any) -> Any:  # noqa: ANN401 - a numpy array
    loud = np.flatnonzero(np.abs(sound) > LOUD)
    return sound[max(0, loud[0] - MARGIN) : loud[-1] + MARGIN] if len(loud) else sound
