"""The other end of a connection: the client itself, or a program that speaks for it."""

from aiohttp import web
from aiohttp.typedefs import Handler
from yarl import URL

from node_agent.api.edge import EDGE
from node_agent.core.networks import is_loopback, network_of
from node_agent.core.rtts import Hop
from node_agent.runtime.kernel import handshake

SPEAKS_FOR = ("X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "CF-Connecting-IP", "True-Client-IP")
"""Headers that proxies add. One that adds none must be told of, with ``--behind-proxy``."""


def measured(handler: Handler) -> Handler:
    """*handler*, of a path that clients come to be served at: the round trips of their connections count."""

    async def counted(request: web.Request) -> web.StreamResponse:
        request.app[EDGE].survey.served(hop_of(request))
        return await handler(request)

    return counted


def hop_of(request: web.Request) -> Hop | None:
    """The connection that *request* came over; None if its other end is not the client."""
    network = network_of(request.remote or "") if is_direct(request) else None
    if network is None:
        return None
    connection = request.get_extra_info("socket")
    return Hop(network, None if connection is None else handshake(connection))


def is_local(request: web.Request) -> bool:
    """Whether a program on this machine asks, for itself: no page that somebody there has open in a browser."""
    is_here = is_direct(request) and is_loopback(request.remote or "")
    return is_here and _means_this_machine(request.headers.get("Host", "")) and not _is_of_a_page(request)


def _means_this_machine(host: str) -> bool:
    """By a name that is no other's: any other may be a page's own, which its DNS has moved here."""
    try:
        name = URL.build(authority=host).host or ""
    except ValueError:
        return False
    return name == "localhost" or is_loopback(name)


def _is_of_a_page(request: web.Request) -> bool:
    """Browsers say so, by the one or the other."""
    return "Origin" in request.headers or request.headers.get("Sec-Fetch-Site", "none") != "none"


def is_direct(request: web.Request) -> bool:
    """Whether no proxy is known to be in between."""
    return not request.app[EDGE].behind_proxy and not any(name in request.headers for name in SPEAKS_FOR)
