"""Speech at the edge, over an engine that hums: every word is a tenth of a second."""

import asyncio
import base64
import io
import json
import wave

import aiohttp
import av
import numpy as np
import pytest

from node_agent.audio.encoding import CONTENT_TYPE, Format
from node_agent.core.errors import EngineError, Fault
from node_agent.core.speech import RATE, Sound
from node_agent.core.task import Usage
from tests.agent import scenes
from tests.agent.edges.test_stream import Breaking
from tests.agent.scenes import serving

MODEL = "espeak-ng"
CHATS = scenes.MODEL
TEN_WORDS = "one two three four five six seven eight nine ten"
UNREACHABLE = EngineError(Fault.UNREACHABLE, "the engine cannot be reached")


def speaking(pace=0.0, **more):
    return serving(pace, models=(CHATS, MODEL), **more)


async def speak(node, text=TEN_WORDS, **more):
    asked = {"model": MODEL, "input": text, "voice": "alloy", **more}
    return await node.client.post("/v1/audio/speech", json={k: v for k, v in asked.items() if v is not ...})


def hum(words=10):
    return b"".join((number + 1).to_bytes(2, "little") * (RATE // 10) for number in range(words))


def decoded(body, kind=None):
    """The samples of a file at 24 kHz, as FFmpeg reads it."""
    with av.open(io.BytesIO(body), format=kind) as file:
        resampler = av.AudioResampler("s16", "mono", RATE)
        frames = [out for frame in file.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames])


@pytest.mark.parametrize("stream", [None, False])
@pytest.mark.parametrize("form", ["mp3", "opus", "aac", "flac", "wav"])
async def test_every_format_can_be_read_and_is_as_long_as_it_was_spoken(form, stream):
    async with speaking() as node:
        answer = await speak(node, response_format=form, stream=stream)
        body = await answer.read()
        assert answer.status == 200
        assert answer.content_type == CONTENT_TYPE[Format(form)]
        assert len(decoded(body)) / RATE == pytest.approx(1.0, abs=0.11), "lossy ones pad up to two frames"
        assert (answer.headers.get("Transfer-Encoding") == "chunked") is (stream is None)


async def test_the_default_is_mp3():
    async with speaking() as node:
        assert (await speak(node)).content_type == "audio/mpeg"


async def test_pcm_is_the_samples_themselves_and_lossless_formats_hold_them():
    async with speaking() as node:
        assert await (await speak(node, response_format="pcm")).read() == hum()
        for form in ("wav", "flac"):
            assert decoded(await (await speak(node, response_format=form)).read()).tobytes() == hum()


async def test_a_wav_of_unknown_length_is_read_by_python_too():
    async with speaking() as node:
        with wave.open(io.BytesIO(await (await speak(node, response_format="wav")).read())) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (RATE, 1, 2)
            assert file.readframes(file.getnframes()) == hum()


async def test_a_file_in_one_piece_knows_its_length():
    async with speaking() as node:
        body = await (await speak(node, response_format="wav", stream=False)).read()
        with wave.open(io.BytesIO(body)) as file:
            assert file.getnframes() == RATE
        for form in ("flac", "mp3", "opus"):
            body = await (await speak(node, response_format=form, stream=False)).read()
            with av.open(io.BytesIO(body)) as file:
                assert file.duration / 1e6 == pytest.approx(1.0, abs=0.11)


@pytest.mark.parametrize("form", list(CONTENT_TYPE))
async def test_the_first_sound_leaves_before_the_second_is_made(form):
    gate = asyncio.Event()

    class Held(Breaking):
        async def generate(self, speech):
            yield Sound(hum(5))
            await gate.wait()
            yield Sound(hum(5))
            yield Sound(b"", Usage(characters=1))

    async with speaking(wrap=lambda engine: Held(engine, None)) as node:
        answer = await speak(node, response_format=form)
        first = await answer.content.readany()
        assert first
        assert not gate.is_set()
        gate.set()
        await answer.read()


async def test_events_hold_the_sound_and_end_with_what_was_used():
    async with speaking() as node:
        answer = await speak(node, stream_format="sse", response_format="pcm")
        assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        body = await answer.text()
        *deltas, done = [json.loads(line.removeprefix("data: ")) for line in body.split("\n\n")[:-1]]
        assert {delta["type"] for delta in deltas} == {"speech.audio.delta"}
        assert b"".join(base64.b64decode(delta["audio"]) for delta in deltas) == hum()
        usage = {"type": "characters", "characters": len(TEN_WORDS), "seconds": 1.0}
        assert done == {"type": "speech.audio.done", "usage": usage}


async def test_polargrids_stream_is_pcm_or_opus():
    async with speaking() as node:
        for form in ("pcm", "opus"):
            assert (await speak(node, stream=True, response_format=form)).status == 200
        assert await refused(node, stream=True) == ("unsupported_parameter", "response_format")


async def refused(node, **more):
    answer = await speak(node, **more)
    problem = await answer.json()
    assert answer.status == 400, problem
    return problem["code"], problem["error"]["param"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"text": "x" * 4097}, ("invalid_value", "input")),
        ({"text": ""}, ("invalid_value", "input")),
        ({"text": " \n\t "}, ("invalid_value", "input")),
        ({"input": ...}, ("missing_parameter", "input")),
        ({"voice": ...}, ("missing_parameter", "voice")),
        ({"voice": "nobody"}, ("invalid_value", "voice")),
        ({"voice": {"id": "nobody"}}, ("invalid_value", "voice")),
        ({"voice": {"id": "alloy", "x": 1}}, ("unknown_parameter", "voice.x")),
        ({"voice": ["alloy"]}, ("invalid_value", "voice")),
        ({"speed": 0.2}, ("invalid_value", "speed")),
        ({"speed": 4.1}, ("invalid_value", "speed")),
        ({"speed": "1"}, ("invalid_value", "speed")),
        ({"response_format": "ogg"}, ("invalid_value", "response_format")),
        ({"response_format": "../mp3"}, ("invalid_value", "response_format")),
        ({"stream_format": "both"}, ("invalid_value", "stream_format")),
        ({"stream_format": "sse", "stream": False}, ("unsupported_parameter", "stream_format")),
        ({"instructions": "whisper"}, ("unsupported_parameter", "instructions")),
        ({"language": "fr"}, ("unsupported_parameter", "language")),
        ({"temperature": 1}, ("unknown_parameter", "temperature")),
    ],
    ids=lambda each: str(each)[:40],
)
async def test_what_cannot_be_done_is_refused_by_name(asked, told):
    async with speaking() as node:
        asked = dict(asked)
        assert await refused(node, **asked) == told


async def test_a_bad_voice_is_told_which_there_are():
    async with speaking() as node:
        detail = (await (await speak(node, voice="nobody")).json())["detail"]
        assert "alloy" in detail
        assert "en-us+f3" in detail


async def test_what_asks_for_nothing_is_taken():
    async with speaking() as node:
        answer = await speak(
            node, instructions="", language=None, speed=1, stream_format="audio", voice={"id": "en-us"}
        )
        assert answer.status == 200


async def test_a_model_that_does_not_speak_is_refused_with_those_that_do():
    async with speaking() as node:
        answer = await speak(node, model=CHATS)
        problem = await answer.json()
        assert (answer.status, problem["code"], problem["error"]["param"]) == (400, "model_unfit", "model")
        assert MODEL in problem["detail"]
        assert (await speak(node, model="tts-9")).status == 404
        chat = {"model": MODEL, "messages": [{"role": "user", "content": "x"}]}
        assert (await node.client.post("/v1/chat/completions", json=chat)).status == 400


async def test_a_model_answers_to_its_other_names():
    async with speaking() as node:
        assert (await speak(node, model="espeak")).status == 200


class Mute(Breaking):
    """Says that it is done, and has said nothing."""

    async def generate(self, speech):
        yield Sound(b"", Usage(characters=1))


class Failing(Breaking):
    """Fails at once."""

    async def generate(self, speech):
        raise self._error
        yield


async def test_silence_is_an_error_and_never_an_empty_answer():
    async with speaking(wrap=lambda engine: Mute(engine, None)) as node:
        for more in ({}, {"stream": False}, {"stream_format": "sse"}):
            assert (await speak(node, **more)).status == 502


async def test_a_failure_before_the_first_sound_has_a_status_of_its_own():
    async with speaking(wrap=lambda engine: Failing(engine, UNREACHABLE)) as node:
        for more in ({}, {"stream": False}, {"stream_format": "sse"}):
            answer = await speak(node, **more)
            assert (answer.status, (await answer.json())["code"]) == (503, "engine_unavailable")


@pytest.mark.parametrize("form", list(CONTENT_TYPE))
async def test_a_failure_after_it_breaks_the_body_so_that_nobody_takes_it_for_whole(form):
    async with speaking(wrap=lambda engine: Breaking(engine, UNREACHABLE)) as node:
        answer = await speak(node, response_format=form)
        assert answer.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await answer.read()


async def test_a_failure_after_it_is_the_last_event():
    async with speaking(wrap=lambda engine: Breaking(engine, UNREACHABLE)) as node:
        body = await (await speak(node, response_format="pcm", stream_format="sse")).text()
        last = json.loads(body.split("\n\n")[-2].removeprefix("data: "))
        assert last["error"]["code"] == "engine_unavailable"
        assert "speech.audio.done" not in body


async def test_a_client_that_leaves_stops_the_model():
    async with speaking(pace=0.05) as node:
        answer = await speak(node, "word " * 400, response_format="pcm")
        await answer.content.readany()
        answer.close()
        async with asyncio.timeout(5):
            while node.engine.generating:
                await asyncio.sleep(0.01)


async def test_a_reader_that_stops_is_cut_off():
    class Endless(Breaking):
        async def generate(self, speech):
            while True:
                await asyncio.sleep(0)
                yield Sound(hum(100))

    async with speaking(wrap=lambda engine: Endless(engine, None), idle_timeout=0.3) as node:
        answer = await speak(node, response_format="pcm")
        async with asyncio.timeout(10):
            while node.agent.door.inside_now:
                await asyncio.sleep(0.05)
        with pytest.raises(aiohttp.ClientError):
            await answer.read()


async def test_voices_are_listed_with_what_they_sound_like():
    async with serving(models=(CHATS, MODEL, "kokoro-82m")) as node:
        data = (await (await node.get("/v1/audio/voices")).json())["data"]
        assert {voice["model"] for voice in data} == {MODEL, "kokoro-82m"}
        assert {"id": "alloy", "object": "voice", "model": "kokoro-82m", "voice": "af_alloy"} in data
        data = (await (await node.get("/v1/audio/voices?model=espeak")).json())["data"]
        assert {voice["model"] for voice in data} == {MODEL}
        assert (await node.get(f"/v1/audio/voices?model={CHATS}")).status == 400
