"""Segments as subtitles: SubRip and WebVTT."""

from collections.abc import Sequence

from node_agent.core.hearing import Segment
from node_agent.core.units import Seconds, millis


def srt(segments: Sequence[Segment]) -> str:
    """SubRip: numbered cues."""
    cues = [f"{number}\n{_span(each, ',')}\n{_line(each)}\n" for number, each in enumerate(segments, 1)]
    return "\n".join(cues)


def vtt(segments: Sequence[Segment]) -> str:
    """WebVTT: a head, then cues."""
    return "\n".join(["WEBVTT\n", *(f"{_span(each, '.')}\n{_line(each)}\n" for each in segments)])


def _span(segment: Segment, point: str) -> str:
    return f"{stamp(segment.start, point)} --> {stamp(segment.end, point)}"


def _line(segment: Segment) -> str:
    """The text in one line, in which no arrow can end the cue's head."""
    return " ".join(segment.text.split()).replace("-->", "->")


def stamp(moment: Seconds, point: str) -> str:
    """*moment* as both write it, but for the *point* before the thousandths.

    >>> stamp(Seconds(3661.5), ",")
    '01:01:01,500'
    """
    seconds, thousandths = divmod(round(millis(moment)), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{point}{thousandths:03}"
