"""How the node is: for the router, for what supervises the process, for Prometheus. Never waits for the engine."""

from aiohttp import web

from autorouter.wire.node import ModelStatus
from node_agent.api.edge import EDGE
from node_agent.api.problems import Fail
from node_agent.core.health import Health

NO_STORE = {"Cache-Control": "no-store"}


async def report(request: web.Request) -> web.Response:
    """``GET /v1/node/status``: the node's whole account of itself."""
    body = request.app[EDGE].reporter.report().model_dump_json(by_alias=True)
    return web.Response(text=body, content_type="application/json", headers=NO_STORE)


async def live(_request: web.Request) -> web.Response:
    """``GET /livez``: the process answers; restart it if it does not."""
    return web.Response(text="ok\n", headers=NO_STORE)


async def ready(request: web.Request) -> web.Response:
    """``GET /readyz``: 200 if something can be served, else 503 and why; ``?verbose`` tells of each model."""
    reporter = request.app[EDGE].reporter
    verdict = reporter.verdict()
    if verdict.health in {Health.STARTING, Health.DRAINING}:
        return Fail(verdict.health.value, verdict.reason).response()
    lines = [f"{verdict.health} {verdict.reason}".strip()]
    if "verbose" in request.query:
        lines += map(_line, reporter.models())
    return web.Response(text="\n".join(lines) + "\n", headers=NO_STORE)


def _line(model: ModelStatus) -> str:
    return f"{model.name} {model.state} busy={model.busy:g}/{model.slots} queued={model.queued:g}"


async def metrics(request: web.Request) -> web.Response:
    """``GET /metrics``."""
    page = request.app[EDGE].metrics()
    return web.Response(body=page, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})
