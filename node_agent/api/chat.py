"""``POST /v1/chat/completions``: streamed or whole."""

from collections.abc import AsyncGenerator
from dataclasses import replace

from aiohttp import web

from node_agent.api.answers import Envelope
from node_agent.api.claims import claim_of
from node_agent.api.edge import EDGE, Edge
from node_agent.api.models import asked_for
from node_agent.api.reading import read
from node_agent.api.shapes import ChatRequest
from node_agent.api.sse import DONE, Stream, event
from node_agent.core.chat import Finish, Piece
from node_agent.core.task import Usage
from node_agent.core.units import between

NOTHING = Usage(0, 0)

Pieces = AsyncGenerator[Piece, None]


async def complete(request: web.Request) -> web.StreamResponse:
    """Answer one chat. A client that leaves cancels this coroutine, and with it the model."""
    edge = request.app[EDGE]
    asked = await read(request, ChatRequest)
    model = asked_for(request, asked.model)
    with_usage = asked.stream_options is not None and asked.stream_options.include_usage
    prompt = replace(asked.prompt(), model=model.name)
    envelope = Envelope(f"chatcmpl-{edge.new_id()}", edge.clock.unix(), prompt.model, with_usage)
    began = edge.clock.now()
    async with edge.service.answer(prompt, claim_of(request)) as pieces:
        if asked.stream:
            return await _stream(request, edge, envelope, pieces)
        text, last = await _gather(pieces)
    took = between(began, edge.clock.now())
    region = edge.reporter.identity.region
    return web.json_response(envelope.whole(text, last.finish or Finish.STOP, last.usage or NOTHING, region, took))


async def _gather(pieces: Pieces) -> tuple[str, Piece]:
    """The whole text, and the last piece."""
    texts = []
    last = Piece("")
    async for last in pieces:
        texts.append(last.text)
    return "".join(texts), last


async def _stream(request: web.Request, edge: Edge, envelope: Envelope, pieces: Pieces) -> web.StreamResponse:
    """Send pieces as they come. Nothing is sent before the first one: a failure so far has a status of its own."""
    piece = await _first(pieces)
    stream = Stream(request, edge.patience)
    await stream.open()
    await stream.send(event(envelope.role()))
    await _send(stream, envelope, piece)
    async for later in pieces:
        await _send(stream, envelope, later)
    await stream.send(DONE)
    await stream.close()
    return stream.response


async def _first(pieces: Pieces) -> Piece:
    """The first piece that says anything; empty ones only show that the prompt is being read."""
    async for piece in pieces:
        if piece.text or piece.finish is not None:
            return piece
    return Piece("", Finish.STOP, NOTHING)


async def _send(stream: Stream, envelope: Envelope, piece: Piece) -> None:
    if piece.text:
        await stream.send(event(envelope.delta(piece.text)))
    if piece.finish is not None:
        await stream.send(event(envelope.finish(piece.finish)))
        if envelope.with_usage:
            await stream.send(event(envelope.usage(piece.usage or NOTHING)))
