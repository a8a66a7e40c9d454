"""The router's whole HTTP surface: what answers each operation, and what every request goes through."""

import re
from collections.abc import Callable, Iterable, Sequence
from secrets import token_hex

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from autorouter.api import operations
from autorouter.api.document import showing
from autorouter.api.fleet import FleetEdge
from autorouter.api.front import require_plain
from autorouter.api.health import HealthEdge
from autorouter.api.onward import operations as sent_on
from autorouter.api.onward.edge import Expect, OnwardEdge
from autorouter.api.problems import ProblemError, refuse, response
from autorouter.api.route import RouteEdge
from autorouter.api.rtt import RttEdge
from autorouter.core.words import meant, shown
from autorouter.wire.operation import Operation

log = structlog.get_logger("autorouter")

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

MOST_BODY = 8 * 1024
"""Bytes of a request body: sixteen round trips take one."""

Refused = Callable[[str], None]


def site(
    route: RouteEdge, rtt: RttEdge, onward: OnwardEdge, fleet: FleetEdge, health: HealthEdge, refused: Refused
) -> web.Application:
    """The application. *refused* is told the code of every problem that goes out."""
    app = web.Application(middlewares=[outermost(refused)], client_max_size=MOST_BODY)
    bind(app, ((operation, onward.post) for operation in operations.SENT_ON), onward.expect)
    bind(
        app,
        (
            (operations.ROUTE, route.get),
            (operations.RTT, rtt.post),
            (sent_on.SHOW_JOB, onward.job),
            (sent_on.VOICES, onward.voices),
            (operations.REGIONS, fleet.regions),
            (operations.MODELS, fleet.models),
            (operations.SHOW_MODEL, fleet.model),
            (operations.ENDPOINTS, fleet.endpoints),
            (operations.LIVE, health.livez),
            (operations.READY, health.readyz),
            (operations.METRICS, health.metrics),
            (operations.DOCUMENT, showing(operations.INTERFACE)),
        ),
    )
    return app


def bind(app: web.Application, bound: Iterable[tuple[Operation, Handler]], expect: Expect | None = None) -> None:
    """Have each operation answered by its handler, for those who ask for what it takes and for nothing else.

    *expect* answers who waits for "100 Continue"; without it they are told to go on.
    """
    for operation, handler in bound:
        checked = _checked(operation, handler)
        if operation.method == "GET":
            app.router.add_get(operation.path, checked)  # and HEAD
        else:
            app.router.add_route(operation.method, operation.path, checked, expect_handler=expect)


def _checked(operation: Operation, handler: Handler) -> Handler:
    async def checked(request: web.Request) -> web.StreamResponse:
        if request.query_string:
            require_known(operation, [name for name, _ in request.query.items()])
        return await handler(request)

    return checked


def require_known(operation: Operation, names: Sequence[str]) -> None:
    """Raises a problem for what *operation* does not take among the query's *names*: a typo is told, not ignored."""
    if (unknown := operation.unknown(names)) is not None:
        hint = meant(unknown, operation.query)
        raise refuse("unknown_parameter", f"unknown parameter {shown(unknown)}{hint}", unknown[:64])
    if (beyond := operation.beyond(names)) is not None:
        found, expected = "it several times", "it once"
        if beyond.most > 1:
            found, expected = f"{names.count(beyond.name)} of them", f"at most {beyond.most}"
        raise refuse("invalid_parameter", f"{beyond.name}: found {found}, expected {expected}", beyond.name)


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
        except ConnectionError:
            raise  # the client is gone, or what it got was broken off: there is nobody to tell
        except web.HTTPException as exc:
            problem = as_problem(exc, request)
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


def as_problem(exc: web.HTTPException, request: web.Request) -> ProblemError:
    """What aiohttp itself refuses, as a problem."""
    path = ascii(request.path[:128])
    match exc:
        case web.HTTPNotFound():
            there = [each.path for each in operations.INTERFACE.operations]
            return refuse("not_found", f"nothing at {path}{meant(request.path, there)}")
        case web.HTTPMethodNotAllowed():
            error = refuse("method_not_allowed", f"{path} takes {', '.join(sorted(exc.allowed_methods))}")
            error.headers["Allow"] = ", ".join(sorted(exc.allowed_methods))
            return error
        case web.HTTPRequestEntityTooLarge():
            return refuse("body_too_large", f"{path} takes {MOST_BODY} bytes at most")
        case _:
            return refuse("bad_request", exc.reason)
