"""What happens to every request: it gets a name on the way in, and what goes wrong is a problem on the way out.

The one place at the edge that catches everything: a traceback is ours to read and never a client's.
"""

import re

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from node_agent.api.binding import SAFE, require_known
from node_agent.api.edge import EDGE, MODEL, REQUEST_ID
from node_agent.api.flow import FLOW, Flow
from node_agent.api.front import require_plain
from node_agent.api.guard import REFERRAL
from node_agent.api.problems import CATALOGUE, Fail, Failed, denial, engine, referred, refusal
from node_agent.api.reading import abandon, is_packed_still
from node_agent.api.sunset import notice
from node_agent.core.errors import Denied, EngineError, Refused

TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, version-format."""

BY_STATUS = {400: "bad_request", 404: "not_found", 405: "method_not_allowed", 413: "body_too_large"}
"""aiohttp's own refusals → ours."""

_log = structlog.get_logger()


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer with a problem where a handler raises; a stream that is open already ends with one."""
    try:
        require_plain(request)
        require_known(request)
        return await handler(request)
    except ConnectionError:
        raise  # the client has left: there is nobody to tell
    except Exception as exc:  # noqa: BLE001 - the outermost middleware, where everything must end
        await abandon(request)
        return await _told(_fail(exc, request), request)


async def _told(fail: Fail, request: web.Request) -> web.StreamResponse:
    """As an answer; in one that is open already, whose status is long sent, as it tells failures."""
    flow: Flow | None = request.get(FLOW)
    if flow is None or not flow.is_open:
        response = (referred(fail) if REFERRAL in request else fail).response()
        if fail.code == "draining":
            response.force_close()  # else the client would keep a connection that is about to vanish
        return response
    await flow.fail(fail)
    return flow.response


def _fail(exc: Exception, request: web.Request) -> Fail:
    match exc:
        case Failed():
            return exc.fail
        case Refused():
            return refusal(exc.refusal)
        case Denied():
            request.app[EDGE].deny(exc.denial)
            return denial(exc)
        case EngineError():
            return engine(exc)
        case web.HTTPException():
            return _foreign(exc, request)
        case _:
            _log.error("defect", path=request.path[:256], request_id=request_id(request), exc_info=exc)
            return Fail("internal", "the node could not finish this request; its log knows why")


def _foreign(exc: web.HTTPException, request: web.Request) -> Fail:
    """One of aiohttp's own refusals, in our shape; no handler of ours redirects."""
    code = BY_STATUS.get(exc.status, "bad_request" if exc.status < 500 else "internal")
    kept = {name: value for name, value in exc.headers.items() if name == "Allow"}
    return Fail(code, f"{request.method} {request.path[:256]}: {CATALOGUE[code].title.lower()}", headers=kept)


async def name_request(request: web.Request, response: web.StreamResponse) -> None:
    """Headers of every answer, streams included: it is a signal because a middleware is too late for those."""
    edge = request.app[EDGE]
    response.headers["X-Request-Id"] = request_id(request)
    response.headers["Server"] = "autorouter-node"  # whose versions it is made of is nobody's business
    response.headers["x-autorouter-region"] = edge.reporter.identity.region
    if is_packed_still(request):
        response.force_close()
        response.headers["Connection"] = "close"  # aiohttp has decided on this header before
    if MODEL in request:
        response.headers.update(notice(request[MODEL], edge.clock.unix()))
    trace = request.headers.get("traceparent", "")
    if TRACEPARENT.fullmatch(trace):
        response.headers["traceparent"] = trace


def request_id(request: web.Request) -> str:
    """The caller's own name for the request if it is a safe one, else a new one; the same each time it is asked."""
    if REQUEST_ID not in request:
        given = request.headers.get("X-Request-Id", "")
        request[REQUEST_ID] = given if SAFE.fullmatch(given) else request.app[EDGE].new_id()
    return request[REQUEST_ID]


async def expect(request: web.Request) -> web.Response | None:
    """What a client that waits for "100 Continue" is told before its body. Runs outside `problems`."""
    expected = request.headers.get("Expect", "")
    if expected.lower() != "100-continue":
        return Fail("expectation_failed", f"expected 100-continue, found {expected:.80}").response()
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # the answer itself has not begun
    return None
