"""A sentence that a machine speaks is heard by real models, through the clients that others wrote."""

import json
import subprocess
from pathlib import Path

import openai
import polargrid
import pytest
from openai import OpenAI

from tests.agent.process import started
from tests.agent.sounds import spoken, wav

TINY, BASE = "whisper-tiny.en", "whisper-base"
HEAR = Path(__file__).parents[2] / "e2e/js/hear.mjs"
SENTENCE = "Toronto is a city in Canada. The lazy dog sleeps all day."


@pytest.fixture(scope="module")
def ears():
    with started("--model", TINY, "--model", BASE) as node:
        node.until(lambda report: all(model["state"] == "ready" for model in report["models"]))
        yield node


@pytest.fixture
def client(ears):
    with OpenAI(base_url=f"{ears.url}/v1", api_key="unused", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def said(tmp_path_factory):
    path = tmp_path_factory.mktemp("said") / "said.wav"
    path.write_bytes(spoken(SENTENCE))
    return path


def heard(text):
    assert "Toronto" in text
    assert "Canada" in text
    assert "dog" in text
    return text


@pytest.mark.parametrize("model", [TINY, BASE, "whisper-1"])
def test_openai_hears_the_sentence(client, said, model):
    with said.open("rb") as file:
        answer = client.audio.transcriptions.create(model=model, file=file, language="en")
    heard(answer.text)
    assert (answer.usage.type, answer.usage.seconds > 3) == ("duration", True)


def test_openai_gets_every_format(client, said):
    def ask(**more):
        return client.audio.transcriptions.create(model=TINY, file=said, **more)

    heard(ask(response_format="text"))
    assert ask(response_format="srt").startswith("1\n00:00:0")
    assert ask(response_format="vtt").startswith("WEBVTT\n\n00:00:0")
    told = ask(response_format="verbose_json", timestamp_granularities=["word", "segment"])
    heard(told.text)
    assert told.language == "english"
    assert told.words[0].word.strip(".,") == "Toronto"
    moments = [moment for word in told.words for moment in (word.start, word.end)]
    assert moments == sorted(moments)
    assert 0 < moments[-1] <= told.duration + 1
    assert all(each.tokens and each.avg_logprob < 0 for each in told.segments)


def test_openai_gets_a_stream(client, said):
    *deltas, done = client.audio.transcriptions.create(model=TINY, file=said, stream=True)
    assert {each.type for each in deltas} == {"transcript.text.delta"}
    assert "".join(each.delta for each in deltas) == heard(done.text)


@pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")
def test_the_language_is_found_out_and_translated(client):
    file = ("a.wav", spoken("Guten Morgen. Ich wohne in Berlin und trinke gerne Kaffee.", "de"))
    told = client.audio.transcriptions.create(model=BASE, file=file, response_format="verbose_json")
    assert told.language == "german"
    assert "Berlin" in told.text
    translated = client.audio.translations.create(model=BASE, file=file, response_format="verbose_json")
    assert (translated.task, translated.language) == ("translate", "english")
    assert "Berlin" in translated.text
    assert translated.text != told.text
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.translations.create(model=TINY, file=file)
    assert (refused.value.code, refused.value.param) == ("unsupported_parameter", "model")


def test_silence_and_noise_are_answered(client):
    for samples in (bytes(32_000), bytes(2), wav(3.0)[44:]):
        answer = client.audio.transcriptions.create(model=TINY, file=("a", wav(samples=samples)), temperature=0.5)
        assert isinstance(answer.text, str)


def test_what_cannot_be_heard_is_a_bad_request(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.transcriptions.create(model=TINY, file=("a.wav", b"not a sound"))
    assert (refused.value.code, refused.value.param) == ("unreadable_audio", "file")


def test_openais_javascript_client_hears_it_too(ears, said):
    def run(mode, model=TINY):
        command = ["node", HEAR, ears.url, model, said, mode]
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60, check=True)
        return json.loads(done.stdout)

    assert heard(run("whole")["text"])
    verbose, stream = run("verbose"), run("stream")
    assert (verbose["words"] > 8, verbose["segments"] > 0, verbose["duration"] > 3) == (True, True, True)
    assert (stream["text"], stream["count"] > 0) == (stream["done"], True)
    assert run("srt")["text"].startswith("1\n")
    assert run("translation", BASE)["text"]
    assert run("translation") == {"error": "BadRequestError", "status": 400, "code": "unsupported_parameter"}


@pytest.fixture
async def polar(ears):
    return polargrid.PolarGrid(api_key="pg_test", base_url=ears.url)


@pytest.mark.parametrize("more", [{}, {"stream": False}, {"response_format": "text"}])
async def test_polargrid_hears_the_sentence(polar, said, more):
    answer = await polar.transcribe(said, {"model": "whisper-1", "language": "en", **more})
    heard(answer if isinstance(answer, str) else answer.text)


async def test_polargrid_gets_every_format(polar, said):
    def ask(wanted):
        return polar.transcribe(said, {"model": "whisper-1", "response_format": wanted})

    assert (await ask("srt")).startswith("1\n")
    assert (await ask("vtt")).startswith("WEBVTT")
    verbose = await ask("verbose_json")
    assert (verbose.task, verbose.language, verbose.segments[0].id) == ("transcribe", "english", 0)
    heard((await polar.translate(said, {"model": "whisper-1"})).text)


async def test_polargrid_gets_a_stream(polar, said):
    *deltas, done = [each async for each in polar.transcribe_stream(said, {"model": "whisper-1", "language": "en"})]
    assert "".join(each.delta for each in deltas) == heard(done.text)
    assert (done.language, done.duration > 3) == ("en", True)


async def test_polargrid_waits_for_a_job(polar, said):
    seen = []
    result = await polar.transcribe_and_wait(said, model="whisper-1", poll_interval=0.1, on_progress=seen.append)
    heard(result.text)
    assert (result.language, result.duration > 3) == ("en", True)
    assert seen[-1].status == "completed"
    with pytest.raises(polargrid.NotFoundError):
        await polar.get_transcription_job("nobody-knows-it")
