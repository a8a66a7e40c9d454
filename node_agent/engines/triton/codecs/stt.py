"""The kind ``stt``: a recording in, segments out."""

from typing import Any

from node_agent.core.hearing import RATE, Heard, Recording, Segment, Word
from node_agent.core.models import ModelSpec
from node_agent.core.units import Seconds
from node_agent.engines.triton.codecs.payload import Fields, Payload, read, usage, written


def encode(recording: Recording) -> Payload:
    """``language``, ``prompt``, ``temperature``, ``words``, ``translate``, and the samples."""
    names = ("language", "prompt", "temperature", "words", "translate")
    return written({name: getattr(recording, name) for name in names}, recording.pcm)


def decode(payload: Payload) -> Heard:
    """``segment`` or null, ``language``, ``usage``."""
    fields = read(payload)
    segment = fields["segment"]
    return Heard(_segment(segment) if segment is not None else None, str(fields["language"]), usage(fields))


def _segment(told: Fields) -> Segment:
    return Segment(
        text=str(told["text"]),
        start=Seconds(float(told["start"])),
        end=Seconds(float(told["end"])),
        tokens=tuple(int(token) for token in told["tokens"]),
        words=tuple(_word(word) for word in told["words"]),
        temperature=float(told["temperature"]),
        avg_logprob=float(told["avg_logprob"]),
        compression_ratio=float(told["compression_ratio"]),
        no_speech_prob=float(told["no_speech_prob"]),
        seek=int(told["seek"]),
    )


def _word(told: dict[str, Any]) -> Word:
    return Word(str(told["text"]), Seconds(float(told["start"])), Seconds(float(told["end"])))


def canary(model: ModelSpec) -> Recording:
    """A tenth of a second of silence."""
    return Recording(model.name, pcm=bytes(2 * RATE // 10), language="en")
