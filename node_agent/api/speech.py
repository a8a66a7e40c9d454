"""``POST /v1/audio/speech`` and ``GET /v1/audio/voices``."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncGenerator

from aiohttp import web

from node_agent.api.claims import claim_of
from node_agent.api.edge import EDGE, Edge
from node_agent.api.flow import HEADERS, Flow
from node_agent.api.models import asked_for
from node_agent.api.reading import read
from node_agent.api.speaking import SpeechRequest
from node_agent.api.sse import Stream, event
from node_agent.api.timing import told
from node_agent.api.told.speaking import Spoken, Voice, VoicesAnswer
from node_agent.audio.encoding import CONTENT_TYPE, Format, encoder, whole
from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import Kind, ModelSpec
from node_agent.core.speech import RATE, Sound, voices
from node_agent.core.task import Usage
from node_agent.runtime.answer import Answer

NOTHING = Usage()

PART = 2 * RATE // 2
"""Bytes that are encoded at once: half a second, 5 ms of work. A model may hand out a minute in one go."""

Sounds = Answer[Sound]


async def speak(request: web.Request) -> web.StreamResponse:
    """Speak one text. A client that leaves cancels this coroutine, and with it the model."""
    edge = request.app[EDGE]
    asked = await read(request, SpeechRequest)
    speech = asked.speech(asked_for(request, asked.model, Kind.TTS))
    async with edge.service.answer(speech, claim_of(request)) as sounds:
        if asked.stream is False:
            return await _whole(asked.format, sounds)
        if asked.in_events:
            return await _events(request, edge, asked.format, sounds)
        return await _stream(request, edge, asked.format, sounds)


async def _whole(to: Format, sounds: Sounds) -> web.Response:
    first = await _first(sounds)
    pcm = b"".join([first.pcm, *[sound.pcm async for sound in sounds]])
    body = await asyncio.to_thread(whole, to, pcm)
    return web.Response(body=body, headers={**HEADERS, **told(sounds), "Content-Type": CONTENT_TYPE[to]})


async def _stream(request: web.Request, edge: Edge, to: Format, sounds: Sounds) -> web.StreamResponse:
    """Send sound as it comes. Nothing is sent before the first: a failure so far has a status of its own."""
    first = await _first(sounds)
    flow = Flow(request, edge.patience, {**told(sounds), "Content-Type": CONTENT_TYPE[to]})
    await flow.open()
    async for encoded, _ in _encoded(to, first, sounds):
        if encoded:
            await flow.send(encoded)
    await flow.close()
    return flow.response


async def _events(request: web.Request, edge: Edge, to: Format, sounds: Sounds) -> web.StreamResponse:
    first = await _first(sounds)
    stream = Stream(request, edge.patience)
    stream.response.headers.update(told(sounds))
    await stream.open()
    used = NOTHING
    async for encoded, usage in _encoded(to, first, sounds):
        used = usage or used
        if encoded:
            await stream.send(event({"type": "speech.audio.delta", "audio": b64encode(encoded).decode()}))
    await stream.send(event({"type": "speech.audio.done", "usage": _usage(used)}))
    await stream.close()
    return stream.response


async def _first(sounds: Sounds) -> Sound:
    """The first that can be heard. Silence is no answer: raises `EngineError` if there is none."""
    async for sound in sounds:
        if sound.says:
            return sound
    raise EngineError(Fault.BROKEN, "the model made no sound")


async def _encoded(to: Format, first: Sound, sounds: Sounds) -> AsyncGenerator[tuple[bytes, Usage | None], None]:
    """The sounds in the format *to*, and what is told with them. Encoding is work for another thread than ours."""
    encoding, last = await asyncio.to_thread(encoder, to), first
    for part in _parts(first.pcm):
        yield await asyncio.to_thread(encoding.encode, part), None
    async for sound in sounds:
        for part in _parts(sound.pcm):
            yield await asyncio.to_thread(encoding.encode, part), None
        last = sound
    yield await asyncio.to_thread(encoding.finish), last.usage


def _parts(pcm: bytes) -> list[bytes]:
    """*pcm* in parts of `PART`."""
    return [pcm[begin : begin + PART] for begin in range(0, len(pcm), PART)]


def _usage(usage: Usage) -> Spoken:
    """In the units that speech is billed by. OpenAI's are tokens, of which these models have none."""
    return {"type": "characters", "characters": usage.characters, "seconds": round(usage.spoken, 3)}


async def list_voices(request: web.Request) -> web.Response:
    """Every voice of every model that speaks, or of the one in ``?model=``."""
    edge = request.app[EDGE]
    name = request.query.get("model")
    chosen = [*edge.models.values()] if name is None else [asked_for(request, name, Kind.TTS)]
    speakers = [model for model in chosen if model.kind is Kind.TTS]
    body: VoicesAnswer = {"object": "list", "data": [each for model in speakers for each in _voices(model)]}
    return web.json_response(body)


def _voices(model: ModelSpec) -> list[Voice]:
    """``voice`` is what it sounds like: two names of one voice have the same."""
    return [{"id": n, "object": "voice", "model": model.name, "voice": own} for n, own in voices(model).items()]
