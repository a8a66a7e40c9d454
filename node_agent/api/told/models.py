"""Which models there are, and how they stand."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict


class Pricing(TypedDict):
    """Of a thousand tokens, in dollars."""

    input_tokens: float
    output_tokens: float
    unit: Literal["per_1k_tokens"]


class Model(TypedDict):
    """One of them: OpenAI's four members, what PolarGrid's client wants besides, and ours."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    root: str
    pg_regions: list[str]
    pg_avg_latency_ms: NotRequired[int]
    pg_model_type: NotRequired[str]
    pg_max_tokens: NotRequired[int]
    pg_pricing: Pricing
    aliases: NotRequired[list[str]]
    sunset: NotRequired[str]
    """The day, UTC, from which it is not to be had any more."""


class ModelsAnswer(TypedDict):
    """All of them, ready or not."""

    object: Literal["list"]
    data: list[Model]


class LoadedAnswer(TypedDict):
    """Who is in memory."""

    loaded: list[str]
    loading_status: dict[str, str]
    """By model: ``loaded``, ``loading``, ``unloaded``, ``failed``."""
    repository: str


class LoadAnswer(TypedDict):
    """How a load went."""

    status: str
    model: str
    force_reload: bool
    message: str


class UnloadAnswer(TypedDict):
    """How an unload went."""

    status: Literal["success", "failed"]
    model: str
    message: str


class UnloadAllAnswer(TypedDict):
    """Which went, and of the others why not."""

    status: str
    unloaded_models: list[str]
    errors: list[str]
    total_unloaded: int
