# ruff: noqa: INP001 - Triton dictates the path <model>/<version>/model.py, which no package name can follow
"""Speech by espeak-ng, as Triton's Python backend runs it: a machine's voice, made at once.

Runs in a process of its own that Triton starts, and imports nothing of the agent. It keeps the contract of the kind
``tts`` (see ``models/tts/1/model.py``): *text*, *voice*, *speed* in, *usage* and 24 kHz sound out. A voice is
espeak-ng's own name of one, such as ``en-us`` or ``en-us+f3``.
"""

import ctypes
import functools
import json
import math
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import espeakng_loader
import numpy as np
from backend import Refused, answering, begin, content, send

RATE = 24_000
SYNCHRONOUS = 2
UTF8, BY_CHARACTER = 1, 1
SPEED = 1
"""Number of the parameter, which is in words a minute."""

USUAL, SLOWEST = 175, 80
"""Words a minute; below the latter espeak-ng does not get slower."""

LONGEST = 400
"""Characters that are spoken at once: 30 ms of work."""

TAPS = 16

ENDS = re.compile(r"(?<=[.!?…\u3002\uff01\uff1f])\s+|\n\s*\n")
CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u200b-\u200f\u2028-\u202e\ufeff]")

Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class TritonPythonModel:
    """What Triton calls. Every request gets a thread, as many at once as the model has slots."""

    def initialize(self, args: dict[str, str]) -> None:
        """Start espeak-ng. A failure here becomes the reason that Triton gives for the failed load."""
        option = begin(args)
        self._espeak = Espeak()
        self._closing = threading.Event()
        slots = int(option["slots"])
        self._threads = ThreadPoolExecutor(max_workers=slots, thread_name_prefix="speech")

    def execute(self, requests: list[Any]) -> None:
        """Hand each request to a thread; sound leaves through its response sender as soon as there is some."""
        for request in requests:
            asked = json.loads(content(request, "prompt"))
            self._threads.submit(Reading(request.get_response_sender(), self._closing).run, self._espeak, asked)

    def finalize(self) -> None:
        """Stop what still speaks and wait for it: a thread that outlives the process's end crashes it."""
        self._closing.set()
        self._threads.shutdown(wait=True)


class Espeak:
    """espeak-ng as a library: one voice and one text at a time, hence the lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._heard: list[bytes] = []
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._rate = self._library.espeak_Initialize(SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
        if self._rate < 0:
            raise RuntimeError("espeak-ng cannot read its data")
        self._callback = Callback(self._take)  # kept: the library does not
        self._library.espeak_SetSynthCallback(self._callback)

    def speak(self, text: str, voice: str, speed: float) -> bytes:
        """The sound of *text*."""
        content = text.encode("utf-8", "ignore") + b"\0"
        with self._lock:
            if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
                raise Refused(f"there is no voice {voice!r:.60}")
            self._library.espeak_SetParameter(SPEED, round(USUAL * speed), 0)
            self._heard.clear()
            size = ctypes.c_size_t(len(content))
            if self._library.espeak_Synth(content, size, 0, BY_CHARACTER, 0, UTF8, None, None) != 0:
                raise RuntimeError("espeak-ng does not speak")
            sound = np.frombuffer(b"".join(self._heard), dtype=np.int16)
        return bytes(resampled(sound, self._rate).tobytes())

    def _take(self, samples: Any, count: int, _events: Any) -> int:  # noqa: ANN401 - ctypes' pointers
        if samples and count > 0:
            self._heard.append(ctypes.string_at(samples, 2 * count))
        return 0


class Reading:
    """One text on its way out."""

    def __init__(self, sender: Any, closing: threading.Event) -> None:  # noqa: ANN401 - Triton ships no types
        self._sender = sender
        self._closing = closing

    def run(self, espeak: Espeak, asked: dict[str, Any]) -> None:
        """Speak until the text, the client or the end of this process ends it."""
        with answering(self._sender):
            self._read(espeak, asked["text"], asked["voice"], asked["speed"])

    def _read(self, espeak: Espeak, text: str, voice: str, speed: float) -> None:
        if round(USUAL * speed) < SLOWEST:
            raise Refused(
                f"this voice does not speak at {speed:g} of its speed, {SLOWEST / USUAL:.2f} is its slowest"
            )
        spoken = 0
        for sentence in sentences(text):
            if self._closing.is_set() or self._sender.is_cancelled():
                return
            sound = espeak.speak(sentence, voice, speed)
            spoken += len(sound) // 2
            send(self._sender, {"usage": None}, sound)
        if spoken == 0:
            raise Refused("there is nothing in the text that can be spoken")
        send(self._sender, {"usage": {"characters": len(text), "spoken_s": spoken / RATE}})


def sentences(text: str) -> Iterator[str]:
    """*text* in sentences, cut at words where one is too long."""
    for sentence in ENDS.split(CONTROLS.sub(" ", text)):
        rest = sentence.strip()
        while len(rest) > LONGEST:
            place = rest.rfind(" ", 1, LONGEST) if " " in rest[1:LONGEST] else LONGEST
            yield rest[:place]
            rest = rest[place:].strip()
        if rest:
            yield rest


def resampled(sound: Any, rate: int) -> Any:  # noqa: ANN401 - numpy arrays, int16
    """*sound* of *rate* at `RATE`, each new sample out of the sixteen around it."""
    if rate == RATE or len(sound) == 0:
        return sound
    up, down = RATE // math.gcd(RATE, rate), rate // math.gcd(RATE, rate)
    steps = np.arange(len(sound) * up // down) * down
    around = np.pad(sound.astype(np.float32), (7, 9))[(steps // up)[:, None] + np.arange(TAPS)]
    return np.einsum("ij,ij->i", around, _weights(up)[steps % up]).clip(-32768, 32767).astype("<i2")


@functools.cache
def _weights(phases: int) -> Any:  # noqa: ANN401 - a numpy array, float32, (phases, TAPS)
    """What each neighbour counts, for every place that a new sample has between two old ones."""
    distance = np.arange(phases)[:, None] / phases - np.arange(-7, 9)[None, :]
    weights = np.sinc(distance) * np.cos(np.pi * distance / (TAPS + 0.5)) ** 2
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
