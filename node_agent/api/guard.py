"""Who may come in: most operations want a key, and every key is for something.

A client that a router sent comes with a referral (see `autorouter.wire.referral`), out of which its key is taken if
it has not sent that itself; what the referral is for is all that it may ask for, then.
"""

from aiohttp import web
from aiohttp.typedefs import Handler

from autorouter.wire.referral import PARAMETER, BadReferralError, Referral, read
from node_agent.api.binding import operation_of
from node_agent.api.edge import EDGE, Edge
from node_agent.api.hop import is_direct, is_local
from node_agent.core.caller import ANYBODY, THIS_MACHINE, Caller, Scope
from node_agent.core.errors import Denial, Denied
from node_agent.core.networks import network_of

CLIENT = "client"
"""The key that an operation wants where clients' keys count. Any other is looked at by its handler."""

EXPECTED = "expected 'Authorization: Bearer <key>'"

CALLER = web.RequestKey("caller", Caller)
REFERRAL = web.RequestKey("referral", Referral)
"""Of a client that a router sent."""


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


def require_referred(request: web.Request, model: str) -> None:
    """Let pass who was sent for *model*, or came by itself. Raises `Denied`."""
    referral: Referral | None = request.get(REFERRAL)
    if referral is not None and referral.model != model:
        raise misled("it is for another model than the request names")


def caller_of(request: web.Request) -> Caller:
    """Who asks."""
    caller: Caller = request.get(CALLER, ANYBODY)
    return caller


def _caller(request: web.Request) -> Caller:
    edge = request.app[EDGE]
    if PARAMETER in request.query:
        request[REFERRAL] = _referral(request, edge)
    if edge.keyring.is_open:
        return THIS_MACHINE if is_local(request) else ANYBODY
    caller = edge.keyring.caller(_shown(request), _network(request))
    caller.require_region(edge.reporter.identity.region)
    edge.keyring.count(caller)
    return caller


def _referral(request: web.Request, edge: Edge) -> Referral:
    """The one that *request* comes with. Raises `Denied` if it is not for this node, this path and this moment."""
    if not edge.keys:
        raise misled("this node has no AUTOROUTER_KEY to check it with")
    try:
        referral = read(edge.keys, request.query[PARAMETER], edge.clock.unix())
    except BadReferralError as exc:
        raise misled(str(exc)) from exc
    identity = edge.reporter.identity
    if referral.region != identity.region or identity.node not in (referral.nodes or (identity.node,)):
        raise misled("it is for another node")
    if referral.to != f"{request.method} {request.path}":
        raise misled("it is for another path")
    return referral


def misled(why: str) -> Denied:
    """A referral that does not count, to be raised."""
    return Denied(Denial.MISLED, f"the router's referral does not count: {why}", param=PARAMETER)


def _network(request: web.Request) -> str:
    """Whom wrong keys are counted against: never a proxy, which all share whom it speaks for."""
    return (network_of(request.remote or "") or "") if is_direct(request) else ""


def _shown(request: web.Request) -> str:
    """The one key that is shown. Never a bare one in a URL: those are written down along the way."""
    shown = [_bearer(header) for header in request.headers.getall("Authorization", _carried(request))]
    if len(shown) != 1 or not shown[0]:
        raise Denied(Denial.UNKNOWN, EXPECTED)
    return shown[0]


def _carried(request: web.Request) -> list[str]:
    """What a router's referral carries in place of ``Authorization``."""
    referral: Referral | None = request.get(REFERRAL)
    return [] if referral is None or referral.credential is None else [referral.credential]


def _bearer(header: str) -> str:
    scheme, _, key = header.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
