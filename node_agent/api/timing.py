"""What an answer took, told with it: the ``Server-Timing`` header, and PolarGrid's ``pg_metadata``."""

from collections.abc import Mapping

from node_agent.core.task import Step
from node_agent.core.units import Seconds, millis
from node_agent.runtime.answer import Answer

CACHE = "x-autorouter-cache"


def told(answer: Answer[Step]) -> Mapping[str, str]:
    """Headers for *answer*, as far as it has come."""
    cache = {} if answer.cache is None else {CACHE: answer.cache.value}
    return {"Server-Timing": _timing(answer), **cache}


def _timing(answer: Answer[Step]) -> str:
    """``queue``, ``first`` (from arrival to the first of the answer) and ``total``, so far as they are known."""
    parts = {"queue": answer.waited, "first": answer.first, "total": answer.took}
    return ", ".join(f"{name};dur={millis(took):.1f}" for name, took in parts.items() if took is not None)


def metadata(region: str, answer: Answer[Step]) -> Mapping[str, object]:
    """``pg_metadata``, which none of OpenAI's clients minds. The model was loaded before: nobody waits for that."""
    told = {
        "region": region,
        "latency_ms": _whole(answer.took),
        "queue_time_ms": _whole(answer.waited),
        "inference_time_ms": _whole(Seconds(answer.took - answer.waited)),
    }
    return {"pg_metadata": told}


def _whole(length: Seconds) -> int:
    return round(millis(length))
