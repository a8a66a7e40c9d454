"""The handlers: a form with a file in it, and what is heard there, whole, as a stream, or as a job."""

from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, replace
from enum import Enum

from aiohttp import web

from node_agent.api.billing import Tab
from node_agent.api.claims import claim_of, own_query
from node_agent.api.edge import EDGE, Edge
from node_agent.api.guard import caller_of
from node_agent.api.hearing.answers import TEXTS, Shape, Transcript, broken, delta
from node_agent.api.hearing.ears import EARS, Ears
from node_agent.api.hearing.forms import read_form
from node_agent.api.hearing.jobs import POLL_MS, Job
from node_agent.api.hearing.listening import Listener
from node_agent.api.hearing.shapes import TranscriptionRequest, TranslationRequest, merged
from node_agent.api.models import asked_for
from node_agent.api.problems import Failed
from node_agent.api.reading import shaped
from node_agent.api.sse import DONE, Stream, event
from node_agent.audio.decoder import Audio, Unheard
from node_agent.audio.room import Share
from node_agent.core.claim import Claim
from node_agent.core.hearing import Heard, Recording
from node_agent.core.models import Kind
from node_agent.core.units import Seconds

TRANSCRIPTIONS = "/v1/audio/transcriptions"

JOB_PATIENCE_S = Seconds(1800.0)
"""For a job's first slot: nobody waits, but nobody should wait for ever."""

BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Manner(Enum):
    """How the answer is wanted."""

    WHOLE = "whole"
    STREAM = "stream"
    JOB = "job"


@dataclass(frozen=True, slots=True)
class Hearing:
    """One request, understood and decoded."""

    edge: Edge
    asked: TranslationRequest
    task: Recording
    audio: Audio
    claim: Claim
    size: int
    """Bytes of the file."""

    def steps(self, listener: Listener) -> AsyncGenerator[Heard, None]:
        """What *listener* hears."""
        return listener.hear(self.task, self.audio)

    def transcript(self) -> Transcript:
        """An empty one, to be filled."""
        return Transcript(translated=self.task.translate)


async def transcribe(request: web.Request) -> web.StreamResponse:
    """What was said. A client that leaves cancels this coroutine, and with it the model."""
    return await _hear(request, TranscriptionRequest)


async def translate(request: web.Request) -> web.StreamResponse:
    """The same in English."""
    return await _hear(request, TranslationRequest)


async def show_job(request: web.Request) -> web.Response:
    """How a job stands: 202 until it is over."""
    if "job_id" not in request.query:
        raise Failed("missing_parameter", "'job_id' is required", "job_id")
    job = request.app[EARS].jobs.find(request.query["job_id"], caller_of(request).name)
    if job is None:
        raise Failed("not_found", "there is no such job, or it was over more than an hour ago")
    return web.json_response(job.shape(), status=200 if job.is_over else 202)


async def _hear(request: web.Request, shape: type[TranslationRequest]) -> web.StreamResponse:
    manner, claim = _manner(request), claim_of(request)  # who may not ask is told before anything is read
    ears = request.app[EARS]
    if manner is Manner.JOB:
        ears.jobs.require_place(claim.caller)
    with ExitStack() as held:
        share = held.enter_context(ears.room.share(claim.caller))
        hearing = await _read(request, shape, manner, claim, share)
        if manner is Manner.JOB:
            return _begin(hearing, ears, held)
        if manner is Manner.STREAM or hearing.asked.stream:
            return await _stream(request, hearing)
        listener = Listener(hearing.edge, hearing.claim)
        async with aclosing(hearing.steps(listener)) as steps:
            response = _whole(hearing.asked, await hearing.transcript().take_all(steps))
        response.headers.update(listener.told())
        return response


def _manner(request: web.Request) -> Manner | None:
    """How PolarGrid's way asks for the answer; None for OpenAI's, which has no query."""
    if not own_query(request):
        return None
    sync, stream = (_flag(request, name) for name in ("sync", "stream"))
    if sync and stream:
        raise Failed("invalid_value", "'sync' and 'stream' exclude each other", "stream")
    if sync or stream:
        return Manner.WHOLE if sync else Manner.STREAM
    return Manner.JOB


def _flag(request: web.Request, name: str) -> bool:
    given = request.query.get(name, "false").lower()
    if given not in BOOLEANS:
        raise Failed("invalid_value", f"'{name}' must be true or false", name)
    return BOOLEANS[given]


async def _read(
    request: web.Request, shape: type[TranslationRequest], manner: Manner | None, claim: Claim, share: Share
) -> Hearing:
    """All that can be refused without its sound is refused before that is decoded."""
    form = await read_form(request, share)
    asked = shaped(merged(form.fields, own_query(request)), shape)
    if manner is Manner.JOB and asked.response_format in {"srt", "vtt"}:
        raise Failed("unsupported_parameter", "a job is told as JSON: ask with sync=true", "response_format")
    task = asked.task(asked_for(request, asked.model, Kind.STT))
    claim.require(task.model)
    audio = await _decoded(form.file, share, claim, request.app[EARS])
    share.shrink(form.size)  # the form itself goes now
    return Hearing(request.app[EDGE], asked, task, audio, claim, len(form.file))


async def _decoded(file: memoryview, share: Share, claim: Claim, ears: Ears) -> Audio:
    try:
        async with ears.gate.slot(claim):
            return await ears.decoder.decode(file, share)
    except Unheard as exc:
        raise Failed(exc.code, str(exc), "file") from exc


def _whole(asked: TranslationRequest, transcript: Transcript) -> web.Response:
    if asked.response_format in TEXTS:
        content_type, written = TEXTS[asked.response_format]
        return web.Response(text=written(transcript), content_type=content_type)
    if asked.response_format == "verbose_json":
        return web.json_response(transcript.verbose(asked.parts))
    return web.json_response(transcript.json())


async def _stream(request: web.Request, hearing: Hearing) -> web.StreamResponse:
    """Send text as it is heard. Nothing is sent before the first step: a failure so far has a status of its own."""
    failure = broken if own_query(request) else None
    transcript, stream = hearing.transcript(), Stream(request, hearing.edge.patience, failure)
    listener = Listener(hearing.edge, hearing.claim)
    async with aclosing(hearing.steps(listener)) as steps:
        async for step in steps:
            if not stream.is_open:
                stream.response.headers.update(listener.told())
                await stream.open()
            if text := transcript.take(step):
                await stream.send(event(delta(text)))
    await stream.send(event(transcript.done()))
    await stream.send(DONE)
    await stream.close()
    return stream.response


def _begin(hearing: Hearing, ears: Ears, held: ExitStack) -> web.Response:
    edge = hearing.edge
    metadata = {
        "filename": f"audio.{hearing.audio.format}",  # what it was called is the sender's business
        "file_size_mb": round(hearing.size / 1e6, 3),
        "audio_format": hearing.audio.format,
        "estimated_duration_seconds": round(hearing.audio.length, 3),
        "model": hearing.task.model,
    }
    name = f"{edge.reporter.identity.node}.{edge.new_id()}"  # by which any router finds the node that has it
    job = Job(name, hearing.claim.caller, edge.clock.unix(), metadata)
    ears.jobs.begin(job, lambda job: _work(job, hearing), held)
    url = f"{TRANSCRIPTIONS}?job_id={job.id}"
    told = {"job_id": job.id, "status": "accepted", "message": "poll_url tells how it stands", "metadata": metadata}
    return web.json_response({**told, "poll_url": url, "result_url": url, "poll_interval_ms": POLL_MS}, status=202)


async def _work(job: Job, hearing: Hearing) -> Shape:
    transcript = hearing.transcript()
    tab = Tab(hearing.edge.till)
    listener = Listener(hearing.edge, replace(hearing.claim, settle=tab.settle), JOB_PATIENCE_S)
    async with aclosing(hearing.steps(listener)) as steps:
        async for step in steps:
            transcript.take(step)
            if step.segment is not None:
                job.progress = round(min(1.0, step.segment.end / hearing.audio.length), 3)
                job.updated = hearing.edge.clock.unix()
    tab.close()
    told = transcript.verbose() if hearing.asked.response_format == "verbose_json" else transcript.done()
    return {name: value for name, value in told.items() if name != "type"}
