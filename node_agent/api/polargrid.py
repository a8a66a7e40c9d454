"""How the node is, in the words of PolarGrid's client: ``GET /health`` and ``GET /v1/status``."""

from collections.abc import Mapping

from aiohttp import web

from autorouter.wire.node import ModelStatus
from node_agent.api.edge import EDGE
from node_agent.api.status import NO_STORE
from node_agent.api.told.machine import HealthAnswer, SystemAnswer, SystemModel, SystemRegion
from node_agent.core.health import Health
from node_agent.core.models import ModelState

HEALTH: Mapping[Health, str] = {Health.READY: "healthy", Health.DEGRADED: "degraded"}
"""Our word → that client's; any other is "unhealthy" to the one question and "unavailable" to the other."""

MODELS: Mapping[str, str] = {
    ModelState.READY: "available",
    ModelState.COLD: "available",
    ModelState.LOADING: "loading",
}
"""Our states → that client's; the rest is "unavailable". What is cold is loaded for who asks."""


async def health(request: web.Request) -> web.Response:
    """``GET /health``: always 200, for that client reads the word; `GET /readyz` is for machines."""
    edge = request.app[EDGE]
    verdict = edge.reporter.verdict()
    word = HEALTH.get(verdict.health, "unhealthy")
    body: HealthAnswer = {
        "status": word,
        "node": edge.reporter.identity.node,
        "runtime": edge.runtime,
        "timestamp": edge.clock.stamp(),
        "features": {"dynamic_loading": True, "huggingface_support": False},
        "backend": {"healthy": word != "unhealthy", "info": {"name": edge.runtime}},
    }
    return web.json_response(body, headers=NO_STORE)


async def system(request: web.Request) -> web.Response:
    """``GET /v1/status``: of all regions the one that this node is in; it knows no other."""
    reporter = request.app[EDGE].reporter
    word = HEALTH.get(reporter.verdict().health, "unavailable")
    models = [_model(each) for each in reporter.models()]
    region: SystemRegion = {"region": reporter.identity.region, "status": word, "models": models}
    body: SystemAnswer = {"status": word, "regions": [region]}
    return web.json_response(body, headers=NO_STORE)


def _model(model: ModelStatus) -> SystemModel:
    return {
        "model_id": model.name,
        "status": MODELS.get(model.state, "unavailable"),
        "instances": int(model.state == "ready"),
        "avg_latency_ms": round(model.service_ms),
        "queue_depth": round(model.queued),
    }
