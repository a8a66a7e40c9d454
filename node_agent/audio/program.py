"""The program that decodes: one file after another from its standard input, each into samples on its standard output.

A process of its own, because what is decoded is anybody's: FFmpeg may hang on it, crash, or ask for all the memory
there is. The agent waits for so long and ends it; memory has a limit here. It opens nothing but what it is handed.

In: the length of a file (8 bytes, big endian), the file. Out: blocks of samples, each after its length (4 bytes),
then a length of 0 and, after its length, a JSON object: ``format`` and ``cuts``, or ``code`` and ``message``.
"""

import ctypes
import io
import json
import os
import resource
import signal
import sys
from collections.abc import Iterator
from typing import BinaryIO

import av
import av.logging
import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from node_agent.audio.cuts import Cutter
from node_agent.audio.sniff import format_of, missing_of
from node_agent.core.hearing import RATE

LONGEST_S = 2 * 3600
"""Of one recording. Two hours are 230 MB of samples, and half an hour's work for a small model on one core."""

MEMORY = 1 << 30
"""Bytes of address space; FFmpeg and a file take a third of it."""

RATES = range(4_000, 400_001)
"""Samples a second that sound can have; fewer would become thousands of samples each."""

MOST_CHANNELS = 32

CODECS = ("aac", "alac", "amr_nb", "amrnb", "amrwb", "flac", "mp2", "mp3", "mp3float", "opus", "libopus", "vorbis")
"""And ``pcm_*``, ``adpcm_*``. Of the other decoders few are ever asked for and many were never looked at."""

BROKEN = 0.1
"""Share of packets that may be damaged: tags at the end of an MP3 count as such."""

SHORT = 0.05
"""Share of the promised length that may be missing, beyond `LEEWAY`: lengths of some formats are rounded."""

LEEWAY = 0.2

TELLS_LENGTH = ("wav", "flac", "mp4", "aiff")
"""Formats whose length is written in them, and not guessed by FFmpeg."""

UNKNOWN = "the file is none of wav, mp3, flac, ogg, opus, webm, mp4, m4a, aac, aiff, caf, amr"

Samples = npt.NDArray[np.int16]


class UnheardError(Exception):
    """Why a file is not heard, in one sentence for its sender."""

    def __init__(self, message: str, code: str = "unreadable_audio") -> None:
        super().__init__(message)
        self.code = code


def samples(body: bytes, kind: str) -> Iterator[Samples]:
    """The sound in *body*, which is of the format *kind*: int16, mono, `RATE`. Raises `UnheardError`."""
    try:
        with av.open(io.BytesIO(body), "r", format=kind, options={"protocol_whitelist": "none"}) as container:
            yield from _within(_resampled(container, kind))
    except (av.FFmpegError, ValueError, UnicodeError) as exc:
        raise UnheardError(f"the file begins like {kind} and cannot be decoded as such") from exc
    except MemoryError as exc:
        raise UnheardError("decoding the file takes too much memory") from exc


def _within(blocks: Iterator[Samples]) -> Iterator[Samples]:
    length = 0
    for block in blocks:
        length += len(block)
        if length > LONGEST_S * RATE:
            raise _too_long()
        yield block
    if not length:
        raise UnheardError("there is no sound in the file: it is empty")


def _too_long() -> UnheardError:
    limit = f"{LONGEST_S // 3600} hours"
    return UnheardError(f"the recording is longer than {limit}, the most that is taken", "audio_too_long")


def _resampled(container: InputContainer, kind: str) -> Iterator[Samples]:
    stream = _stream(container)
    promised = _promised(stream, kind)
    if promised > LONGEST_S:
        raise _too_long()
    heard, shape, resampler = 0.0, None, _resampler()
    for frame in _frames(container, stream):
        _check(frame, stream.codec_context.name)
        heard += frame.samples / frame.sample_rate
        if shape not in {None, (frame.format.name, frame.layout.name, frame.sample_rate)}:
            yield from _blocks(resampler, None)
            resampler = _resampler()
        shape = (frame.format.name, frame.layout.name, frame.sample_rate)
        frame.pts = None  # else what is missing between two frames is an error
        yield from _blocks(resampler, frame)
    if shape is not None:
        yield from _blocks(resampler, None)
    if promised - heard > LEEWAY + SHORT * promised:
        raise UnheardError(f"the file is cut off: it promises {promised:.1f} s and has {heard:.1f} s")


def _resampler() -> AudioResampler:
    return AudioResampler(format="s16", layout="mono", rate=RATE)


def _blocks(resampler: AudioResampler, frame: AudioFrame | None) -> Iterator[Samples]:
    for block in resampler.resample(frame):
        yield block.to_ndarray().reshape(-1).astype(np.int16, copy=False)


def _stream(container: InputContainer) -> AudioStream:
    """The first stream of sound."""
    if not container.streams.audio:
        raise UnheardError("there is no sound in the file, only something else")
    stream = container.streams.audio[0]
    codec = stream.codec_context.name
    if codec not in CODECS and not codec.startswith(("pcm_", "adpcm_")):
        raise UnheardError(f"the sound in the file is {codec}, which is not taken")
    stream.codec_context.thread_count = 1
    return stream


def _frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """All frames, over what is damaged as players do; but not if that is much of the file."""
    packets = broken = 0
    for packet in container.demux(stream):
        packets += 1
        try:
            yield from packet.decode()
        except av.InvalidDataError:
            broken += 1
    if broken > 1 + BROKEN * packets:
        raise UnheardError("the file is damaged: much of it cannot be decoded")


def _check(frame: AudioFrame, codec: str) -> None:
    if frame.sample_rate not in RATES or len(frame.layout.channels) > MOST_CHANNELS:
        found = f"{len(frame.layout.channels)} channels of {frame.sample_rate} Hz"
        raise UnheardError(f"sound has 4 to 400 kHz and at most {MOST_CHANNELS} channels, found {found}")
    if codec.startswith("pcm_f") and not np.isfinite(frame.to_ndarray()).all():
        raise UnheardError("the file has samples that are not numbers (NaN or infinity)")


def _promised(stream: AudioStream, kind: str) -> float:
    """Seconds that the file says it has, 0 if it does not. Of a WAV FFmpeg counts the bytes: see `missing_of`."""
    if kind not in TELLS_LENGTH or stream.duration is None or stream.time_base is None:
        return 0.0
    return float(stream.duration * stream.time_base)


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Decode until *source* ends."""
    while header := source.read(8):
        _answer(source.read(int.from_bytes(header, "big")), sink)
        sink.flush()


def _answer(body: bytes, sink: BinaryIO) -> None:
    kind, cutter = format_of(body), Cutter()
    try:
        if kind is None:
            raise UnheardError(UNKNOWN)  # noqa: TRY301 - told below, as what FFmpeg raises is
        if kind == "wav" and (missing := missing_of(body)):
            raise UnheardError(f"the file is cut off: {missing} bytes of its samples are missing")  # noqa: TRY301 - same
        for block in samples(body, kind):
            cutter.add(block)
            _write(block.tobytes(), sink)
        told: dict[str, object] = {"format": kind, "cuts": cutter.cuts()}
    except UnheardError as exc:
        told = {"code": exc.code, "message": str(exc)}
    sink.write(bytes(4))
    _write(json.dumps(told).encode(), sink)


def _write(block: bytes, sink: BinaryIO) -> None:
    if block:
        sink.write(len(block).to_bytes(4, "big") + block)


def _confine() -> None:
    """Die with the agent (PR_SET_PDEATHSIG), have no more than `MEMORY`, write no core, print nothing of FFmpeg's."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    av.logging.set_level(av.logging.PANIC)
    os.nice(1)  # who speaks now goes before who uploads


if __name__ == "__main__":
    _confine()
    serve(sys.stdin.buffer, sys.stdout.buffer)
