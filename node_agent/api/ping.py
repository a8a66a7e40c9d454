"""``GET /v1/ping``: a client connects to be measured. The node measures: a client can claim nothing."""

from aiohttp import web

from node_agent.api.edge import EDGE
from node_agent.api.hop import hop_of
from node_agent.api.problems import Failed
from node_agent.core.probes import Fate

HEADERS = {"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*"}
"""Clients in browsers may see how it ended: it tells nothing that is anybody's."""

REFUSED = {
    Fate.UNPROVEN: "the ticket is not one for this network, this region and this minute",
    Fate.NO_KEY: "this node has no AUTOROUTER_KEY to check tickets with",
}


async def ping(request: web.Request) -> web.Response:
    """Nothing, at once. With a ticket of a router's, the connection's round trip counts, once a minute and network.

    What is read is the handshake, so a connection that was measured ends: kept, it would carry the client's next
    ping, and a used connection cannot be measured.
    """
    response = web.Response(status=204, headers=HEADERS)
    ticket = request.query.get("ticket")
    if ticket is not None:
        fate = request.app[EDGE].survey.probed(ticket, hop_of(request))
        if fate in REFUSED:
            raise Failed("bad_ticket", REFUSED[fate], "ticket", HEADERS)
        if fate is not Fate.UNMEASURED:
            response.force_close()
    return response
