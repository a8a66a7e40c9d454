"""What was heard, in each shape that clients may ask for."""

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field

from node_agent.api.hearing.languages import NAMES
from node_agent.api.hearing.subtitles import srt, vtt
from node_agent.api.problems import Fail
from node_agent.core.hearing import Heard, Segment
from node_agent.core.task import NONE
from node_agent.core.units import Seconds

Shape = Mapping[str, object]


@dataclass(slots=True)
class Transcript:
    """Grows with every step."""

    translated: bool = False
    text: str = ""
    language: str = ""
    """ISO 639-1."""
    length: Seconds = NONE
    segments: list[Segment] = field(default_factory=list)

    def take(self, step: Heard) -> str:
        """Take in one step; the text that it adds, all of which together are the text."""
        self.language = step.language or self.language
        if step.usage is not None:
            self.length = step.usage.heard
        if step.segment is None or not step.segment.text.strip():
            return ""
        self.segments.append(step.segment)
        more = step.segment.text.rstrip() if self.text else step.segment.text.strip()
        self.text += more
        return more

    async def take_all(self, steps: AsyncIterator[Heard]) -> "Transcript":
        """Itself, with all of *steps* in it."""
        async for step in steps:
            self.take(step)
        return self

    @property
    def usage(self) -> Shape:
        """What is billed."""
        return {"type": "duration", "seconds": round(self.length, 3)}

    def json(self) -> Shape:
        """``json``."""
        return {"text": self.text, "usage": self.usage}

    def done(self) -> Shape:
        """The last event of a stream: OpenAI's members and PolarGrid's."""
        told = {"duration": round(self.length, 3), "language": self.language, "usage": self.usage}
        return {"type": "transcript.text.done", "text": self.text, **told}

    def verbose(self, parts: tuple[str, ...] = ("segment",)) -> Shape:
        """``verbose_json``; *parts*: what its moments are told of."""
        whole: dict[str, object] = {
            "task": "translate" if self.translated else "transcribe",
            "language": "english" if self.translated else NAMES.get(self.language, self.language),
            "duration": round(self.length, 3),
            "text": self.text,
        }
        if "segment" in parts:
            whole["segments"] = [_segment(number, each) for number, each in enumerate(self.segments)]
        if "word" in parts:
            words = (word for segment in self.segments for word in segment.words)
            whole["words"] = [
                {"word": word.text.strip(), "start": round(word.start, 3), "end": round(word.end, 3)}
                for word in words
            ]
        return {**whole, "usage": self.usage}


TEXTS: Mapping[str, tuple[str, Callable[[Transcript], str]]] = {
    "text": ("text/plain", lambda transcript: transcript.text + "\n"),
    "srt": ("application/x-subrip", lambda transcript: srt(transcript.segments)),
    "vtt": ("text/vtt", lambda transcript: vtt(transcript.segments)),
}
"""Formats that are no JSON: their content type, and how they are written."""


def delta(text: str) -> Shape:
    """One event of a stream."""
    return {"type": "transcript.text.delta", "delta": text}


def broken(fail: Fail) -> Shape:
    """The last event of a stream that fails, as PolarGrid's client reads it: it takes any other for a good end."""
    return {"type": "error", "error": fail.detail, "code": fail.code}


def _segment(number: int, segment: Segment) -> Shape:
    return {
        "id": number,
        "seek": segment.seek,
        "start": round(segment.start, 3),
        "end": round(segment.end, 3),
        "text": segment.text,
        "tokens": list(segment.tokens),
        "temperature": segment.temperature,
        "avg_logprob": segment.avg_logprob,
        "compression_ratio": segment.compression_ratio,
        "no_speech_prob": segment.no_speech_prob,
    }
