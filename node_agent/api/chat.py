"""``POST /v1/chat/completions``: streamed or whole."""

from aiohttp import web

from node_agent.api.answers import Chat
from node_agent.api.chat_request import ChatRequest
from node_agent.api.edge import EDGE
from node_agent.api.reading import read
from node_agent.api.writing import write


async def complete(request: web.Request) -> web.StreamResponse:
    """Answer one chat."""
    edge = request.app[EDGE]
    asked = await read(request, ChatRequest)
    prompt = asked.prompt()
    envelope = Chat(f"chatcmpl-{edge.new_id()}", edge.clock.unix(), prompt.model, asked.with_usage)
    return await write(request, prompt, envelope, stream=bool(asked.stream))
