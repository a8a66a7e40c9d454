"""What a request brings to the queue, out of its headers and of who sent it."""

from functools import partial

from aiohttp import web

from node_agent.api.billing import settle
from node_agent.api.guard import client
from node_agent.core.claim import Claim


def claim_of(request: web.Request) -> Claim:
    """The claim of one request. Raises `Denied` if its key is not for this, or has no credit left."""
    caller = client(request)
    return Claim(caller=caller.name, models=caller.models, settle=partial(settle, request))
