"""The kind ``tts``: a text in, sound out."""

from node_agent.core.models import ModelSpec
from node_agent.core.speech import Sound, Speech, voices
from node_agent.engines.triton.codecs.payload import Payload, read, usage, written


def encode(speech: Speech) -> Payload:
    """``text``, ``voice``, ``speed``."""
    return written({"text": speech.text, "voice": speech.voice, "speed": speech.speed})


def decode(payload: Payload) -> Sound:
    """``usage``, and the samples."""
    fields = read(payload)
    if len(payload.audio) % 2:
        raise ValueError("half a sample")
    return Sound(payload.audio, usage(fields))


def canary(model: ModelSpec) -> Speech:
    """One syllable, in any voice that it has."""
    return Speech(model.name, text="a", voice=next(iter(voices(model).values()), ""))
