"""What an answer took, told with it: the ``Server-Timing`` header, and PolarGrid's ``pg_metadata``."""

from collections.abc import Mapping

from node_agent.api.told.writing import Metadata
from node_agent.core.task import Step
from node_agent.core.units import Seconds, millis
from node_agent.runtime.answer import Answer

CACHE = "x-autorouter-cache"


def told(answer: Answer[Step]) -> Mapping[str, str]:
    """Headers for *answer*, as far as it has come."""
    cache = {} if answer.cache is None else {CACHE: answer.cache.value}
    return {"Server-Timing": _timing(answer), **cache}


def _timing(answer: Answer[Step]) -> str:
    """``load`` (until the model was ready), ``queue``, ``first`` (from arrival to the first words), ``total``.

    So far as they are known.
    """
    parts = {"load": answer.warmed or None, "queue": answer.waited, "first": answer.first, "total": answer.took}
    return ", ".join(f"{name};dur={millis(took):.1f}" for name, took in parts.items() if took is not None)


def metadata(region: str, answer: Answer[Step]) -> Mapping[str, object]:
    """``pg_metadata``, which none of OpenAI's clients minds."""
    whole, load, queue = _whole(answer.took), _whole(answer.warmed), _whole(answer.waited)
    told: Metadata = {
        "region": region,
        "latency_ms": whole,
        "model_load_time_ms": load,
        "queue_time_ms": queue,
        "inference_time_ms": max(0, whole - load - queue),
    }
    return {"pg_metadata": told}


def _whole(length: Seconds) -> int:
    return round(millis(length))
