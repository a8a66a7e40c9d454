"""How the node is: for the router, for what supervises the process, for Prometheus. Never waits for the engine."""

from re import compile as pattern

from aiohttp import web

from autorouter.wire.key import is_bearer
from autorouter.wire.node import ModelStatus
from node_agent.api.edge import EDGE
from node_agent.api.hop import is_local
from node_agent.api.problems import Fail, Failed
from node_agent.core.health import Health

NO_STORE = {"Cache-Control": "no-store"}

CURSOR = pattern(r"[0-9]{1,16}")
LARGEST_CURSOR = 1 << 53
"""Beyond it JSON's readers round."""

NOT_A_ROUTER = "expected 'Authorization: Bearer' of a router that has this node's AUTOROUTER_KEY"


async def report(request: web.Request) -> web.Response:
    """``GET /v1/node/status``: the node's whole account of itself, for routers and for this machine.

    It tells who is served, by network, so it is not for everyone.
    """
    if not (_is_router(request) or (is_local(request) and not _shows_another_key(request))):
        raise Failed("unauthorized", NOT_A_ROUTER, headers={"WWW-Authenticate": "Bearer"})
    since, usage_since = _cursor(request, "since"), _cursor(request, "usage_since")
    body = request.app[EDGE].reporter.report(since, usage_since).model_dump_json(by_alias=True)
    return web.Response(text=body, content_type="application/json", headers=NO_STORE)


def _shows_another_key(request: web.Request) -> bool:
    """Whether it shows something to a node that has keys, and not one of them.

    That is told on this machine too: a router that could read the status would send clients with referrals that the
    node refuses.
    """
    return bool(request.app[EDGE].keys) and "Authorization" in request.headers and not _is_router(request)


def _is_router(request: web.Request) -> bool:
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and is_bearer(request.app[EDGE].keys, shown.strip())


def _cursor(request: web.Request, name: str) -> int | None:
    """The cursor that is asked with; None from who does not ask for that."""
    text = request.query.get(name)
    if text is not None and (not CURSOR.fullmatch(text) or int(text) > LARGEST_CURSOR):
        raise Failed("invalid_value", f"'{name}': expected a whole number up to 2^53, found {text!r:.40}", name)
    return None if text is None else int(text)


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
