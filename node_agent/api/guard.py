"""Who may come in: most operations want a key, and every key is for something."""

from aiohttp import web
from aiohttp.typedefs import Handler

from node_agent.api.binding import operation_of
from node_agent.api.edge import EDGE
from node_agent.api.hop import is_direct, is_local
from node_agent.core.caller import ANYBODY, THIS_MACHINE, Caller, Scope
from node_agent.core.errors import Denial, Denied
from node_agent.core.networks import network_of

CLIENT = "client"
"""The key that an operation wants where clients' keys count. Any other is looked at by its handler."""

EXPECTED = "expected 'Authorization: Bearer <key>'"

CALLER = web.RequestKey("caller", Caller)


@web.middleware
async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let those in whose key counts here, is for this, and is not used too often."""
    operation = operation_of(request)
    if operation is not None and operation.key == CLIENT:
        request[CALLER] = caller = _caller(request)
        if operation.scope:
            caller.require_scope(Scope(operation.scope))
    return await handler(request)


def client(request: web.Request) -> Caller:
    """Who asks to be served by a model. Raises `Denied` if its key has no credit left."""
    caller = caller_of(request)
    request.app[EDGE].till.require_credit(caller)
    return caller


def caller_of(request: web.Request) -> Caller:
    """Who asks."""
    caller: Caller = request.get(CALLER, ANYBODY)
    return caller


def _caller(request: web.Request) -> Caller:
    edge = request.app[EDGE]
    if edge.keyring.is_open:
        return THIS_MACHINE if is_local(request) else ANYBODY
    caller = edge.keyring.caller(_shown(request), _network(request))
    caller.require_region(edge.reporter.identity.region)
    edge.keyring.count(caller)
    return caller


def _network(request: web.Request) -> str:
    """Whom wrong keys are counted against: never a proxy, which all share whom it speaks for."""
    return (network_of(request.remote or "") or "") if is_direct(request) else ""


def _shown(request: web.Request) -> str:
    """The one key that is shown. Never one in a URL: those are written down along the way."""
    shown = [_bearer(header) for header in request.headers.getall("Authorization", [])]
    if len(shown) != 1 or not shown[0]:
        raise Denied(Denial.UNKNOWN, EXPECTED)
    return shown[0]


def _bearer(header: str) -> str:
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
