"""How written answers leave: as events while they are written, or whole."""

from collections.abc import Iterable, Iterator

from aiohttp import web

from node_agent.api.answers import Envelope, Shape
from node_agent.api.claims import claim_of
from node_agent.api.edge import EDGE
from node_agent.api.sse import DONE, Stream, event
from node_agent.api.timing import metadata, told
from node_agent.core.chat import Finish, Piece
from node_agent.core.task import Task, Usage
from node_agent.runtime.service import Answer

NOTHING = Usage()


async def write(request: web.Request, task: Task[Piece], envelope: Envelope, *, stream: bool) -> web.StreamResponse:
    """Answer *task*. A client that leaves cancels this coroutine, and with it the model."""
    edge = request.app[EDGE]
    async with edge.service.answer(task, claim_of(request)) as answer:
        if stream:
            return await _streamed(request, envelope, answer)
        text, last = await _gathered(answer)
    shape = envelope.whole(text, last.finish or Finish.STOP, last.usage or NOTHING)
    region = edge.reporter.identity.region
    return web.json_response({**shape, **metadata(region, answer)}, headers=told(answer))


async def _gathered(answer: Answer[Piece]) -> tuple[str, Piece]:
    """The whole text, and the last piece."""
    texts = []
    last = Piece("")
    async for last in answer:
        texts.append(last.text)
    return "".join(texts), last


async def _streamed(request: web.Request, envelope: Envelope, answer: Answer[Piece]) -> web.StreamResponse:
    """Send pieces as they come. Nothing is sent before the first one: a failure so far has a status of its own."""
    piece = await _first(answer)
    stream = Stream(request, request.app[EDGE].patience)
    stream.response.headers.update(told(answer))
    await stream.open()
    await stream.send(_events(envelope.opening()) + _events(_dressed(envelope, piece)))
    async for later in answer:
        if events := _events(_dressed(envelope, later)):
            await stream.send(events)
    await stream.send(DONE)
    await stream.close()
    return stream.response


async def _first(answer: Answer[Piece]) -> Piece:
    """The first piece that says anything; empty ones only show that the prompt is being read."""
    async for piece in answer:
        if piece.text or piece.finish is not None:
            return piece
    return Piece("", Finish.STOP, NOTHING)


def _dressed(envelope: Envelope, piece: Piece) -> Iterator[Shape]:
    if piece.text:
        yield envelope.delta(piece.text)
    if piece.finish is not None:
        yield envelope.finish(piece.finish)
        yield from envelope.usage(piece.usage or NOTHING)


def _events(shapes: Iterable[Shape]) -> bytes:
    """All of them in one write."""
    return b"".join(map(event, shapes))
