"""``GET /openapi.json``: what can be asked for here, for programs."""

from functools import cache

from aiohttp import web
from aiohttp.typedefs import Handler

from autorouter.wire.openapi import Rendered, rendered
from autorouter.wire.operation import Interface
from autorouter.wire.version import version


def showing(interface: Interface) -> Handler:
    """What answers ``GET /openapi.json`` of *interface*."""

    @cache
    def made() -> Rendered:
        """Made when it is first asked for, in 20 ms, and the same until the process ends."""
        return rendered(interface, version())

    async def show(request: web.Request) -> web.StreamResponse:
        """The document, or that it is still the same."""
        headers = {"ETag": made().tag, "Cache-Control": "no-cache"}
        if made().tag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        return web.Response(body=made().body, content_type="application/json", headers=headers)

    return show
