"""What a request brings to the queue, out of its headers and of who sent it."""

from aiohttp import web

from node_agent.api.hop import is_local
from node_agent.api.problems import Failed
from node_agent.core.claim import Claim


def claim_of(_request: web.Request) -> Claim:
    """The claim of one request."""
    return Claim()


def require_operator(request: web.Request) -> None:
    """Let an operator pass, which for now is who is on this machine. Raises `Failed` for anyone else."""
    if not is_local(request):
        raise Failed("operators_only", "expected a program on this machine")
