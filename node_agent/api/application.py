"""The edge put together: which operation is answered by what."""

from aiohttp import web

from node_agent.api import (
    billing,
    chat,
    completions,
    document,
    embedding,
    guard,
    loading,
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
from node_agent.api.binding import Bound, bind
from node_agent.api.edge import EDGE, Edge
from node_agent.api.hearing import ears
from node_agent.api.hearing import endpoints as hearing
from node_agent.api.hop import measured
from node_agent.api.reading import LARGEST_BODY

BOUND: tuple[Bound, ...] = (
    (operations.CHAT, measured(chat.complete)),
    (operations.COMPLETION, measured(completions.complete)),
    (operations.COMPLETION_STREAM, measured(completions.stream)),
    (operations.TRANSCRIPTION, measured(hearing.transcribe)),
    (operations.SHOW_JOB, hearing.show_job),
    (operations.TRANSLATION, measured(hearing.translate)),
    (operations.SPEECH, measured(speech.speak)),
    (operations.VOICES, speech.list_voices),
    (operations.EMBEDDING, measured(embedding.embed)),
    (operations.MODELS, models.list_models),
    (operations.LOADED, loading.status),
    (operations.LOAD, loading.load),
    (operations.UNLOAD, loading.unload),
    (operations.UNLOAD_ALL, loading.unload_all),
    (operations.SHOW_MODEL, models.show_model),
    (operations.NODE_STATUS, status.report),
    (operations.USAGE, usage.show),
    (operations.PING, ping.ping),
    (operations.GPUS, machine.status),
    (operations.GPU_MEMORY, machine.memory),
    (operations.PURGE, machine.purge),
    (operations.SYSTEM, polargrid.system),
    (operations.HEALTH, polargrid.health),
    (operations.LIVE, status.live),
    (operations.READY, status.ready),
    (operations.METRICS, status.metrics),
    (operations.DOCUMENT, document.show),
)


def build(edge: Edge) -> web.Application:
    """The application over *edge*."""
    layers = [middleware.problems, guard.admit, billing.billed]
    application = web.Application(middlewares=layers, client_max_size=LARGEST_BODY)
    application[EDGE] = edge
    ears.attach(application)
    application.on_response_prepare.extend((middleware.name_request, billing.begin))
    bind(application, BOUND, middleware.expect)
    return application
