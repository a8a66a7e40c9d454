"""``POST /v1/completions``: a text is continued, streamed or whole."""

from dataclasses import replace

from aiohttp import web

from node_agent.api.answers import Completion
from node_agent.api.completion_request import CompletionRequest
from node_agent.api.edge import EDGE
from node_agent.api.models import asked_for
from node_agent.api.reading import read
from node_agent.api.writing import write
from node_agent.core.models import Kind


async def complete(request: web.Request) -> web.StreamResponse:
    """Continue one text."""
    return await _continued(request, await read(request, CompletionRequest))


async def stream(request: web.Request) -> web.StreamResponse:
    """``POST /v1/completions/stream``, PolarGrid's: always streamed."""
    asked = await read(request, CompletionRequest)
    return await _continued(request, asked.model_copy(update={"stream": True}))


async def _continued(request: web.Request, asked: CompletionRequest) -> web.StreamResponse:
    edge = request.app[EDGE]
    model = asked_for(request, asked.model, Kind.LLM)
    beginning = replace(asked.beginning(), model=model.name)
    envelope = Completion(f"cmpl-{edge.new_id()}", edge.clock.unix(), model.name, asked.with_usage)
    return await write(request, beginning, envelope, stream=bool(asked.stream))
