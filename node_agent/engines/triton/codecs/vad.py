"""The kind ``vad``: a recording in, the spans in which somebody speaks out."""

from node_agent.core.detection import Detection, Span, Spans
from node_agent.core.hearing import RATE
from node_agent.core.models import ModelSpec
from node_agent.core.units import Seconds
from node_agent.engines.triton.codecs.payload import Payload, read, usage, written


def encode(detection: Detection) -> Payload:
    """``threshold``, ``pause_s``, and the samples."""
    return written({"threshold": detection.threshold, "pause_s": detection.pause}, detection.pcm)


def decode(payload: Payload) -> Spans:
    """``spans``, ``usage``."""
    fields = read(payload)
    spans = tuple(Span(Seconds(float(start)), Seconds(float(end))) for start, end in fields["spans"])
    return Spans(spans, usage(fields))


def canary(model: ModelSpec) -> Detection:
    """A tenth of a second of silence."""
    return Detection(model.name, pcm=bytes(2 * RATE // 10))
