"""``POST /v1/completions``: a text is continued, streamed or whole."""

from aiohttp import web

from node_agent.api.answers import Completion
from node_agent.api.completion_request import CompletionRequest
from node_agent.api.edge import EDGE
from node_agent.api.reading import read
from node_agent.api.writing import write


async def complete(request: web.Request) -> web.StreamResponse:
    """Continue one text."""
    return await _continued(request, await read(request, CompletionRequest))


async def stream(request: web.Request) -> web.StreamResponse:
    """``POST /v1/completions/stream``, PolarGrid's: always streamed."""
    asked = await read(request, CompletionRequest)
    return await _continued(request, asked.model_copy(update={"stream": True}))


async def _continued(request: web.Request, asked: CompletionRequest) -> web.StreamResponse:
    edge = request.app[EDGE]
    beginning = asked.beginning()
    envelope = Completion(f"cmpl-{edge.new_id()}", edge.clock.unix(), beginning.model, asked.with_usage)
    return await write(request, beginning, envelope, stream=bool(asked.stream))
