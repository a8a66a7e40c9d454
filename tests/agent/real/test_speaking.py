"""Clients that others wrote, unchanged, against a node that speaks and places texts."""

import base64
import io
import json
import subprocess
import time
from pathlib import Path

import numpy as np
import openai
import polargrid
import pytest
from openai import OpenAI

from tests.agent.edges.test_speech import decoded
from tests.agent.process import started

TEXT = "The nearest healthy region is Toronto. It answers at once."
RATE = 24_000
LOUD = 1000
JS = Path(__file__).parents[2] / "e2e" / "js"
FORMATS = ("mp3", "opus", "aac", "flac", "wav", "pcm")


@pytest.fixture(scope="module")
def speaker():
    with started("--model", "kokoro-82m", "--model", "espeak-ng", "--model", "all-minilm-l6-v2") as node:
        yield node


@pytest.fixture
def client(speaker):
    with OpenAI(base_url=f"{speaker.url}/v1", api_key="unused", max_retries=0) as client:
        yield client


def samples(body, form):
    return np.frombuffer(body, dtype="<i2") if form == "pcm" else decoded(body)


@pytest.mark.parametrize("form", FORMATS)
def test_openai_hears_every_format(client, form):
    body = client.audio.speech.create(model="espeak", voice="alloy", input=TEXT, response_format=form).read()
    found = samples(body, form)
    assert 2.5 < len(found) / RATE < 6.0
    assert abs(found.astype(int)).max() > LOUD


def test_openai_hears_kokoro_by_openais_names(client):
    said = [
        client.audio.speech.create(model="tts-1", voice=voice, input="Hello there.").read()
        for voice in ("alloy", "onyx")
    ]
    assert said[0] != said[1]
    assert all(0.6 < len(decoded(body)) / RATE < 2.5 for body in said)


def test_openai_hears_the_beginning_before_the_end_is_made(client):
    began = time.monotonic()
    with client.audio.speech.with_streaming_response.create(
        model="kokoro-82m", voice="af_bella", input=TEXT * 3, response_format="pcm"
    ) as answer:
        arrived = [(time.monotonic() - began, len(chunk)) for chunk in answer.iter_bytes()]
    first, last = arrived[0][0], arrived[-1][0]
    assert first < last / 2
    assert sum(size for _, size in arrived) / 2 / RATE > 6.0


def test_openai_gets_events(client):
    asked = {"model": "espeak", "voice": "alloy", "input": TEXT, "response_format": "pcm", "stream_format": "sse"}
    with client.audio.speech.with_streaming_response.create(**asked) as answer:
        events = [json.loads(line[6:]) for line in answer.iter_lines() if line]
    *deltas, done = events
    length = sum(len(base64.b64decode(delta["audio"])) for delta in deltas) / 2 / RATE
    assert done["usage"] == {
        "type": "characters",
        "characters": len(TEXT),
        "seconds": pytest.approx(length, abs=0.001),
    }


def test_openai_raises_the_class_that_fits(client):
    with pytest.raises(openai.BadRequestError) as wrong:
        client.audio.speech.create(model="kokoro-82m", voice="nobody", input="x")
    assert (wrong.value.code, wrong.value.param) == ("invalid_value", "voice")
    with pytest.raises(openai.BadRequestError, match="nothing in the text"):
        client.audio.speech.create(model="kokoro-82m", voice="alloy", input="...")
    with pytest.raises(openai.BadRequestError, match="slowest"):
        client.audio.speech.create(model="espeak-ng", voice="alloy", input="x", speed=0.25)


async def test_polargrid_hears_whole_and_streamed(speaker):
    client = polargrid.PolarGrid(api_key="pg_unused", base_url=speaker.url)
    asked = {"model": "kokoro-82m", "input": "Hello there, Toronto.", "voice": "bf_emma"}
    whole = await client.text_to_speech(dict(asked))
    assert 0.8 < len(decoded(whole)) / RATE < 4.0
    for form in (None, "opus", "pcm"):
        more = {} if form is None else {"response_format": form}
        chunks = [chunk async for chunk in client.text_to_speech_stream({**asked, **more})]
        assert 0.8 < len(samples(b"".join(chunks), form)) / RATE < 4.0


def test_openai_places_texts(client):
    texts = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]
    answer = client.embeddings.create(model="all-minilm-l6-v2", input=texts)
    places = np.array([each.embedding for each in answer.data])
    assert places @ places.T == pytest.approx(
        np.array([[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]), abs=2e-4
    )
    assert answer.usage.prompt_tokens == 8 + 9 + 8
    plain = client.embeddings.create(model="all-minilm-l6-v2", input=texts[0], encoding_format="float")
    assert plain.data[0].embedding == pytest.approx(places[0], abs=1e-6)
    with pytest.raises(openai.BadRequestError) as long:
        client.embeddings.create(model="all-minilm-l6-v2", input="word " * 300)
    assert (long.value.code, long.value.param) == ("context_length_exceeded", "input")


async def test_polargrid_places_texts(speaker):
    client = polargrid.PolarGrid(api_key="pg_unused", base_url=speaker.url)
    answer = await client.embeddings(polargrid.EmbeddingRequest(model="all-minilm-l6-v2", input=["sun", "moon"]))
    assert [len(each.embedding) for each in answer.data] == [384, 384]


def in_javascript(node, mode):
    command = ["node", "speech.mjs", node.url, mode]
    return json.loads(subprocess.run(command, cwd=JS, capture_output=True, text=True, timeout=60, check=True).stdout)


def test_openai_in_javascript(speaker):
    whole = in_javascript(speaker, "whole")
    assert (whole["type"], whole["riff"], whole["bytes"] > RATE) == ("audio/wav", "RIFF", True)
    events = in_javascript(speaker, "events")
    assert events["types"] == ["speech.audio.delta"]
    assert events["done"]["usage"]["characters"] == 24
    wrong = in_javascript(speaker, "wrong")
    assert wrong == {"error": "BadRequestError", "status": 400, "code": "invalid_value", "param": "voice"}
    assert in_javascript(speaker, "places")["sizes"] == [384, 384]


def test_speech_that_nobody_hears_any_more_frees_its_slot(speaker, client):
    for _ in range(4):
        with client.audio.speech.with_streaming_response.create(
            model="kokoro-82m", voice="af_bella", input=TEXT * 60, response_format="pcm"
        ) as answer:
            next(answer.iter_bytes())
    busy = 'autorouter_node_busy_requests{model="kokoro-82m"}'
    speaker.until(lambda _: speaker.metric(busy) == 0, 5.0)
    assert decoded(
        io.BytesIO(client.audio.speech.create(model="tts-1", voice="alloy", input="Hi.").read()).getvalue()
    ).size
