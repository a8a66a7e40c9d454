"""What is heard."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict


class Heard(TypedDict):
    """What is billed."""

    type: Literal["duration"]
    seconds: float


class Said(TypedDict):
    """``json``."""

    text: str
    usage: Heard


class SaidSegment(TypedDict):
    """Some seconds of it."""

    id: int
    seek: int
    start: float
    end: float
    text: str
    tokens: list[int]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class SaidWord(TypedDict):
    """One word, and when."""

    word: str
    start: float
    end: float


class SaidFully(TypedDict):
    """``verbose_json``."""

    task: Literal["transcribe", "translate"]
    language: str
    """Its English name."""
    duration: float
    text: str
    segments: NotRequired[list[SaidSegment]]
    words: NotRequired[list[SaidWord]]
    usage: Heard


class TextDelta(TypedDict):
    """More of what was said."""

    type: Literal["transcript.text.delta"]
    delta: str


class TextDone(TypedDict):
    """All that was said."""

    type: Literal["transcript.text.done"]
    text: str
    duration: float
    language: str
    usage: Heard


class HearingBroken(TypedDict):
    """The last event of a stream that fails, as PolarGrid's client reads it."""

    type: Literal["error"]
    error: str
    code: str


class Recorded(TypedDict):
    """The recording that a job is about."""

    filename: str
    file_size_mb: float
    audio_format: str
    estimated_duration_seconds: float
    model: str


class JobBegun(TypedDict):
    """A job that was begun."""

    job_id: str
    status: Literal["accepted"]
    message: str
    metadata: Recorded
    poll_url: str
    result_url: str
    poll_interval_ms: int


class JobStanding(TypedDict):
    """How a job stands; once it is completed, with what was said."""

    job_id: str
    type: Literal["transcription"]
    status: Literal["accepted", "processing", "completed", "failed"]
    created_at: str
    updated_at: str
    started_at: str | None
    completed_at: str | None
    progress: float
    metadata: Recorded
    has_result: bool
    poll_interval_ms: NotRequired[int]
    """While it is not over."""
    error: NotRequired[str]
    error_code: NotRequired[str]
    text: NotRequired[str]
    task: NotRequired[Literal["transcribe", "translate"]]
    language: NotRequired[str]
    duration: NotRequired[float]
    segments: NotRequired[list[SaidSegment]]
    words: NotRequired[list[SaidWord]]
    usage: NotRequired[Heard]
