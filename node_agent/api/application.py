"""The edge put together: which path is answered by what."""

from aiohttp import web
from aiohttp.typedefs import Handler

from node_agent.api import chat, machine, middleware, models, operations, ping, polargrid, status
from node_agent.api.edge import EDGE, Edge
from node_agent.api.hop import measured
from node_agent.api.reading import LARGEST_BODY

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/v1/chat/completions", measured(chat.complete)),
    ("GET", "/v1/models", models.list_models),
    ("GET", "/v1/models/status", operations.status),
    ("POST", "/v1/models/load", operations.load),
    ("POST", "/v1/models/unload", operations.unload),
    ("POST", "/v1/models/unload-all", operations.unload_all),
    ("GET", "/v1/models/{model}", models.show_model),
    ("GET", "/v1/node/status", status.report),
    ("GET", "/v1/ping", ping.ping),
    ("GET", "/v1/gpu/status", machine.status),
    ("GET", "/v1/gpu/memory", machine.memory),
    ("POST", "/v1/gpu/purge", machine.purge),
    ("GET", "/v1/status", polargrid.system),
    ("GET", "/health", polargrid.health),
    ("GET", "/livez", status.live),
    ("GET", "/readyz", status.ready),
    ("GET", "/metrics", status.metrics),
)


def build(edge: Edge) -> web.Application:
    """The application over *edge*."""
    application = web.Application(middlewares=[middleware.problems], client_max_size=LARGEST_BODY)
    application[EDGE] = edge
    application.on_response_prepare.append(middleware.name_request)
    for method, path, handler in ROUTES:
        application.router.add_route(method, path, handler, expect_handler=middleware.expect)
        if method == "GET":
            application.router.add_route("HEAD", path, handler)
    return application
