"""What a request brings to the queue, out of its headers and of who sent it."""

from aiohttp import web

from node_agent.core.claim import Claim


def claim_of(_request: web.Request) -> Claim:
    """The claim of one request."""
    return Claim()
