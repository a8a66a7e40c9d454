"""``POST /v1/chat/completions``: streamed or whole."""

from dataclasses import replace

from aiohttp import web

from node_agent.api.answers import Chat
from node_agent.api.chat_request import ChatRequest
from node_agent.api.edge import EDGE
from node_agent.api.models import asked_for
from node_agent.api.reading import read
from node_agent.api.writing import write
from node_agent.core.models import Kind


async def complete(request: web.Request) -> web.StreamResponse:
    """Answer one chat."""
    edge = request.app[EDGE]
    asked = await read(request, ChatRequest)
    model = asked_for(request, asked.model, Kind.LLM)
    prompt = replace(asked.prompt(), model=model.name)
    envelope = Chat(f"chatcmpl-{edge.new_id()}", edge.clock.unix(), model.name, asked.with_usage)
    return await write(request, prompt, envelope, stream=bool(asked.stream))
