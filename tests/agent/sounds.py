"""Recordings for tests: tones in every format that clients send, and sentences that a machine speaks."""

import ctypes
import io
import struct
import wave

import av
import espeakng_loader
import numpy as np

from node_agent.audio.program import samples as decoded
from node_agent.audio.sniff import format_of

ENCODED = {
    "wav": ("wav", "pcm_s16le"),
    "wav, 24 bit": ("wav", "pcm_s24le"),
    "wav, float": ("wav", "pcm_f32le"),
    "wav, mu-law": ("wav", "pcm_mulaw"),
    "mp3": ("mp3", "libmp3lame"),
    "flac": ("flac", "flac"),
    "ogg": ("ogg", "libopus"),
    "webm": ("webm", "libopus"),
    "m4a": ("mp4", "aac"),
    "aac": ("adts", "aac"),
    "aiff": ("aiff", "pcm_s16be"),
    "caf": ("caf", "pcm_s16le"),
}
"""Name → FFmpeg's format and codec."""


def tone(seconds, rate=16_000, loud=8000):
    return (np.sin(np.arange(round(seconds * rate)) * 2 * np.pi * 440 / rate) * loud).astype(np.int16)


def wav(seconds=2.0, *, rate=16_000, channels=1, bits=16, code=1, size=None, samples=None):
    """A RIFF file, whose header may say what it likes."""
    data = tone(seconds * channels, rate).tobytes() if samples is None else samples
    size = len(data) if size is None else size
    frame = channels * bits // 8
    head = struct.pack("<IHHIIHH", 16, code, channels, rate, rate * frame % 2**32, frame, bits)
    whole = b"WAVEfmt " + head + b"data" + struct.pack("<I", size) + data
    return b"RIFF" + struct.pack("<I", min(2**32 - 1, size + 36)) + whole


def encoded(name, seconds=2.0, layout="mono", rate=48_000):
    """A tone in the format *name* of `ENCODED`."""
    kind, codec = ENCODED[name]
    file = io.BytesIO()
    with av.open(file, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        whole = av.AudioFrame.from_ndarray(tone(seconds, rate).reshape(1, -1), format="s16", layout="mono")
        whole.sample_rate = rate
        coder = stream.codec_context
        resampler = av.AudioResampler(coder.format.name, layout, rate, coder.frame_size or 1024)
        for frame in [*resampler.resample(whole), *resampler.resample(None)]:
            frame.pts = None
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def film():
    """Pictures without a sound."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return file.getvalue()


def silence(hours):
    """So much of it in a small FLAC."""
    file = io.BytesIO()
    with av.open(file, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=8_000, layout="mono")
        nothing = av.AudioFrame.from_ndarray(np.zeros((1, 32_000), np.int16), format="s16", layout="mono")
        nothing.sample_rate = 8_000
        stream.codec_context.options = {"frame_size": "32000"}
        for _ in range(round(hours * 3600 / 4)):
            nothing.pts = None
            container.mux(stream.encode(nothing))
        container.mux(stream.encode(None))
    return file.getvalue()


def untold(flac):
    """A FLAC that does not tell its length: the 36 bits of it, and its digest, are 0."""
    return flac[:21] + bytes([flac[21] & 0xF0, 0, 0, 0, 0]) + bytes(16) + flac[42:]


def spoken(text, voice="en-us"):
    """*text* as espeak-ng says it, as a WAV."""
    espeak = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = espeak.espeak_Initialize(1, 0, espeakng_loader.get_data_path().encode(), 0)
    heard = bytearray()

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
    def hear(samples, count, _):
        if samples and count:
            heard.extend(ctypes.string_at(samples, 2 * count))
        return 0

    espeak.espeak_SetSynthCallback(hear)
    espeak.espeak_SetVoiceByName(voice.encode())
    espeak.espeak_SetParameter(1, 140, 0)  # words a minute
    said = text.encode() + b"\0"
    espeak.espeak_Synth(said, len(said), 0, 1, 0, 1, None, None)
    espeak.espeak_Synchronize()
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, rate, 0, "NONE", ""))
        sound.writeframes(bytes(heard))
    return file.getvalue()


def samples_of(file):
    """What models hear of a file: int16, mono, 16 kHz."""
    return b"".join(block.tobytes() for block in decoded(file, format_of(file)))
