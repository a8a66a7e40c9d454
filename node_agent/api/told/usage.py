"""What was used, and what it cost."""

from typing import NotRequired

from typing_extensions import TypedDict


class Figures(TypedDict):
    """Of something, in the time asked for."""

    requests: int
    tokens: int
    prompt_tokens: int
    completion_tokens: int
    audio_seconds: float
    characters: int
    cost: float
    """Dollars."""
    avg_latency_ms: int


class OfModel(Figures):
    """Of one model."""

    model_id: str


class OfRegion(Figures):
    """Of one region."""

    region: str


class OfDay(Figures):
    """Of one day, UTC."""

    date: str


class OfKey(Figures):
    """Of one key."""

    key: str


class Usage(TypedDict):
    """All of it, in parts."""

    total_requests: int
    total_tokens: int
    total_cost: float
    by_model: list[OfModel]
    by_region: list[OfRegion]
    by_day: list[OfDay]
    by_key: NotRequired[list[OfKey]]
    """For operators."""


class Days(TypedDict):
    """Both count."""

    start_date: str
    end_date: str


class UsageAnswer(TypedDict):
    """What was used in some days."""

    period: Days
    usage: Usage
