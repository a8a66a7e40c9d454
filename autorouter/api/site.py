"""The router's whole HTTP surface in one table, and what every request goes through."""

import re
from collections.abc import Callable
from secrets import token_hex

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from autorouter.api.fleet import FleetEdge
from autorouter.api.front import require_plain
from autorouter.api.health import HealthEdge
from autorouter.api.problems import ProblemError, refuse, response
from autorouter.api.question import only_known
from autorouter.api.route import RouteEdge
from autorouter.api.rtt import RttEdge

log = structlog.get_logger("autorouter")

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

MOST_BODY = 8 * 1024
"""Bytes of a request body: sixteen round trips take one."""

Refused = Callable[[str], None]


def site(route: RouteEdge, rtt: RttEdge, fleet: FleetEdge, health: HealthEdge, refused: Refused) -> web.Application:
    """The application. *refused* is told the code of every problem that goes out."""
    app = web.Application(middlewares=[outermost(refused)], client_max_size=MOST_BODY)
    app.add_routes(
        [
            web.get("/v1/route", route.get),  # reads its own parameters
            web.post("/v1/rtt", taking(rtt.post)),
            web.get("/v1/regions", taking(fleet.regions)),
            web.get("/v1/models", taking(fleet.models)),
            web.get("/v1/models/{model}", taking(fleet.model)),
            web.get("/livez", health.livez),
            web.get("/readyz", taking(health.readyz, "verbose")),
            web.get("/metrics", health.metrics),
        ]
    )
    return app


def taking(handler: Handler, *parameters: str) -> Handler:
    """*handler* for those who send *parameters* and no others: a typo is told, not ignored."""

    async def checked(request: web.Request) -> web.StreamResponse:
        only_known(request.query, frozenset(parameters))
        return await handler(request)

    return checked


def outermost(refused: Refused) -> Middleware:
    """Every request leaves with an id, and every failure as a problem."""

    @web.middleware
    async def outermost(request: web.Request, handler: Handler) -> web.StreamResponse:
        sent = request.headers.get("X-Request-Id", "")
        request_id = sent if REQUEST_ID.fullmatch(sent) else token_hex(8)
        try:
            require_plain(request)
            answered = await handler(request)
        except ProblemError as exc:
            refused(exc.problem.code)
            answered = response(exc)
        except web.HTTPException as exc:
            problem = _told(exc, request)
            refused(problem.problem.code)
            answered = response(problem)
        except Exception:
            log.exception("request_failed", request_id=request_id, path=request.path[:256])
            refused("internal_error")
            answered = response(refuse("internal_error", "the router failed to answer; this is its own fault"))
        answered.headers["X-Request-Id"] = request_id
        answered.headers["X-Content-Type-Options"] = "nosniff"
        answered.headers["Server"] = "autorouter"  # whose versions it is made of is nobody's business
        if TRACEPARENT.fullmatch(parent := request.headers.get("traceparent", "")):
            answered.headers["traceparent"] = parent
        return answered

    return outermost


def _told(exc: web.HTTPException, request: web.Request) -> ProblemError:
    """What aiohttp itself refuses, as a problem."""
    path = ascii(request.path[:128])
    match exc:
        case web.HTTPNotFound():
            return refuse("not_found", f"nothing at {path}")
        case web.HTTPMethodNotAllowed():
            error = refuse("method_not_allowed", f"{path} takes {', '.join(sorted(exc.allowed_methods))}")
            error.headers["Allow"] = ", ".join(sorted(exc.allowed_methods))
            return error
        case web.HTTPRequestEntityTooLarge():
            return refuse("body_too_large", f"{path} takes {MOST_BODY} bytes at most")
        case _:
            return refuse("bad_request", exc.reason)
