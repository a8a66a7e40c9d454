"""``GET /openapi.json``: what the node can be asked for, for programs."""

from functools import cache

from aiohttp import web

from autorouter.wire.openapi import Rendered, rendered
from autorouter.wire.version import version
from node_agent.api.operations import INTERFACE


@cache
def _rendered() -> Rendered:
    """Made when it is first asked for, in 20 ms, and the same until the process ends."""
    return rendered(INTERFACE, version())


async def show(request: web.Request) -> web.Response:
    """The document, or that it is still the same."""
    made = _rendered()
    headers = {"ETag": made.tag, "Cache-Control": "no-cache"}
    if made.tag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    return web.Response(body=made.body, content_type="application/json", headers=headers)
