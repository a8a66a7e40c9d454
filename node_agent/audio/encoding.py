"""Sound into the formats that clients ask for, as it comes: what can be sent already is never held back.

All in here is work for a thread, not for the event loop: a second of sound takes 1 to 10 ms.
"""

import io
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Protocol, cast

import av
import numpy as np

from node_agent.core.speech import RATE

SLICE = RATE // 10
"""Samples per frame given to FFmpeg."""

UNKNOWN = 0xFFFFFFFF
"""A length in a wav's header when nobody knows it yet; all readers then go on to the end."""


class Format(StrEnum):
    """What OpenAI calls them."""

    MP3 = "mp3"
    OPUS = "opus"
    AAC = "aac"
    FLAC = "flac"
    WAV = "wav"
    PCM = "pcm"


CONTENT_TYPE: Mapping[Format, str] = {
    Format.MP3: "audio/mpeg",
    Format.OPUS: "audio/ogg",
    Format.AAC: "audio/aac",
    Format.FLAC: "audio/flac",
    Format.WAV: "audio/wav",
    Format.PCM: "audio/pcm",
}


class Encoder(Protocol):
    """One sound on its way into one format."""

    def encode(self, pcm: bytes) -> bytes:
        """What can be sent now that *pcm* is there too: int16, little endian, mono, 24 kHz. May be empty."""
        ...

    def finish(self) -> bytes:
        """The rest."""
        ...


def encoder(to: Format) -> Encoder:
    """For a sound of unknown length."""
    match to:
        case Format.PCM:
            return _Bare()
        case Format.WAV:
            return _Bare(_wav_header(UNKNOWN))
        case _:
            return _Encoded(_RECIPES[to], _Unseekable())


def whole(to: Format, pcm: bytes) -> bytes:
    """A file of all of *pcm*, whose headers tell its length where the format can."""
    match to:
        case Format.PCM:
            return pcm
        case Format.WAV:
            return _wav_header(len(pcm)) + pcm
        case _:
            file = io.BytesIO()
            encoded = _Encoded(_RECIPES[to], file)
            encoded.encode(pcm)
            encoded.finish()
            return file.getvalue()


def _wav_header(length: int) -> bytes:
    """Of *length* bytes of samples: plain PCM, one channel of 16 bits. What is in the file counts 36 bytes more."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return (
        struct.pack("<4sI4s", b"RIFF", min(length + 36, UNKNOWN), b"WAVE")
        + form
        + struct.pack("<4sI", b"data", length)
    )


class _Bare:
    """The samples themselves, behind a *header*."""

    def __init__(self, header: bytes = b"") -> None:
        self._header = header

    def encode(self, pcm: bytes) -> bytes:
        header, self._header = self._header, b""
        return header + pcm

    def finish(self) -> bytes:
        return self.encode(b"")


@dataclass(frozen=True, slots=True)
class _Recipe:
    """In FFmpeg's words."""

    container: str
    codec: str
    bits: int | None = None
    """A second; None: as many as it takes."""
    streamed: Mapping[str, str] = field(default_factory=dict)
    """Options of the container when it cannot go back to its beginning."""


_RECIPES: Mapping[Format, _Recipe] = {
    Format.MP3: _Recipe("mp3", "libmp3lame", 64_000, {"write_xing": "0", "id3v2_version": "0"}),
    # Pages of 0.1 s: by default the end of what was said so far would wait until a second of sound is full.
    Format.OPUS: _Recipe("ogg", "libopus", 32_000, {"page_duration": "100000"}),
    Format.AAC: _Recipe("adts", "aac", 64_000),
    Format.FLAC: _Recipe("flac", "flac"),
}


class _Unseekable:
    """Where FFmpeg writes to; it has no way back, and FFmpeg sees that by what is missing."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._written.append(bytes(data))
        return len(data)

    def taken(self) -> bytes:
        """What was written since it was last asked."""
        taken, self._written = b"".join(self._written), []
        return taken


class _Encoded:
    """A sound through FFmpeg. Never closed from outside: its thread may be in the middle of it."""

    def __init__(self, recipe: _Recipe, file: _Unseekable | io.BytesIO) -> None:
        self._file = file
        streamed = isinstance(file, _Unseekable)
        self._container = av.open(
            file, "w", format=recipe.container, options=dict(recipe.streamed) if streamed else {}
        )
        stream = self._container.add_stream(recipe.codec, rate=RATE, layout="mono")
        self._stream = cast(av.AudioStream, stream)  # PyAV knows kinds only of codecs that are written out
        if recipe.bits is not None:
            self._stream.bit_rate = recipe.bits
        self._samples = 0

    def encode(self, pcm: bytes) -> bytes:
        samples = np.frombuffer(pcm, dtype="<i2").reshape(1, -1)
        for begin in range(0, samples.shape[1], SLICE):
            frame = av.AudioFrame.from_ndarray(samples[:, begin : begin + SLICE], format="s16", layout="mono")
            frame.sample_rate, frame.time_base, frame.pts = RATE, Fraction(1, RATE), self._samples
            self._samples += frame.samples
            self._container.mux(self._stream.encode(frame))
        return self._taken()

    def finish(self) -> bytes:
        self._container.mux(self._stream.encode(None))
        self._container.close()
        return self._taken()

    def _taken(self) -> bytes:
        return self._file.taken() if isinstance(self._file, _Unseekable) else b""
