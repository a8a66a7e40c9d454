"""The edge put together: which path is answered by what."""

from aiohttp import web
from aiohttp.typedefs import Handler

from node_agent.api import (
    billing,
    chat,
    completions,
    embedding,
    guard,
    machine,
    middleware,
    models,
    operations,
    ping,
    polargrid,
    speech,
    status,
    usage,
)
from node_agent.api.edge import EDGE, Edge
from node_agent.api.hearing import ears
from node_agent.api.hearing import endpoints as hearing
from node_agent.api.hop import measured
from node_agent.api.reading import LARGEST_BODY

ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("POST", "/v1/chat/completions", measured(chat.complete)),
    ("POST", "/v1/completions", measured(completions.complete)),
    ("POST", "/v1/completions/stream", measured(completions.stream)),
    ("POST", "/v1/audio/transcriptions", measured(hearing.transcribe)),
    ("GET", "/v1/audio/transcriptions", hearing.show_job),
    ("POST", "/v1/audio/translations", measured(hearing.translate)),
    ("POST", "/v1/audio/speech", measured(speech.speak)),
    ("GET", "/v1/audio/voices", speech.list_voices),
    ("POST", "/v1/embeddings", measured(embedding.embed)),
    ("GET", "/v1/models", models.list_models),
    ("GET", "/v1/models/status", operations.status),
    ("POST", "/v1/models/load", operations.load),
    ("POST", "/v1/models/unload", operations.unload),
    ("POST", "/v1/models/unload-all", operations.unload_all),
    ("GET", "/v1/models/{model}", models.show_model),
    ("GET", "/v1/node/status", status.report),
    ("GET", "/v1/usage", usage.show),
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
    layers = [middleware.problems, guard.admit, billing.billed]
    application = web.Application(middlewares=layers, client_max_size=LARGEST_BODY)
    application[EDGE] = edge
    ears.attach(application)
    application.on_response_prepare.extend((middleware.name_request, billing.begin))
    for method, path, handler in ROUTES:
        application.router.add_route(method, path, handler, expect_handler=middleware.expect)
        if method == "GET":
            application.router.add_route("HEAD", path, handler)
    return application
