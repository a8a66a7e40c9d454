"""Transcriptions and translations in every shape, over an engine that counts seconds."""

import asyncio
import json
import re

import pytest
from openai import APIError, AsyncOpenAI
from polargrid import PolarGrid

from tests.agent.edges.hearing import BASE, TINY, TRANSCRIPTIONS, TRANSLATIONS, form, hearing, post, refusal
from tests.agent.scenes import MODEL
from tests.agent.sounds import ENCODED, encoded, wav


def events(stream):
    return [json.loads(line[6:]) if line != "data: [DONE]" else line for line in stream.split("\n") if line]


async def test_what_was_said_is_told_with_its_length():
    async with hearing() as node:
        answer = await post(node, wav(2.5))
        assert answer.status == 200
        assert await answer.json() == {"text": "1 2 3", "usage": {"type": "duration", "seconds": 2.5}}


@pytest.mark.parametrize(
    ("wanted", "kind", "text"),
    [
        ("text", "text/plain", "1 2\n"),
        (
            "srt",
            "application/x-subrip",
            "1\n00:00:00,000 --> 00:00:01,000\n1\n\n2\n00:00:01,000 --> 00:00:01,500\n2\n",
        ),
        ("vtt", "text/vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\n1\n\n00:00:01.000 --> 00:00:01.500\n2\n"),
    ],
)
async def test_a_format_that_is_no_json_is_plain_text(wanted, kind, text):
    async with hearing() as node:
        answer = await post(node, wav(1.5), response_format=wanted)
        assert (answer.content_type, await answer.text()) == (kind, text)


async def test_verbose_json_has_segments_unless_only_words_are_wanted():
    async with hearing() as node:
        told = await (await post(node, wav(1.5), response_format="verbose_json")).json()
        assert (told["task"], told["language"], told["duration"], told["text"]) == (
            "transcribe",
            "english",
            1.5,
            "1 2",
        )
        assert [(each["id"], each["start"], each["end"]) for each in told["segments"]] == [(0, 0, 1), (1, 1, 1.5)]
        assert "words" not in told
        granularity = ("timestamp_granularities[]", "word")
        told = await (await post(node, wav(1.5), granularity, response_format="verbose_json")).json()
        assert told["words"] == [{"word": "1", "start": 0, "end": 1}, {"word": "2", "start": 1, "end": 1.5}]
        assert "segments" not in told
        both = (granularity, ("timestamp_granularities[]", "segment"))
        told = await (await post(node, wav(1.5), *both, response_format="verbose_json")).json()
        assert {"words", "segments"} <= told.keys()


@pytest.mark.parametrize("way", ["form", "query"])
async def test_a_stream_tells_every_segment_and_then_all(way):
    async with hearing() as node:
        if way == "form":
            answer = await post(node, wav(2.5), stream="true")
        else:
            answer = await node.client.post(f"{TRANSCRIPTIONS}?stream=true&model={BASE}", data=form(wav(2.5)))
        assert answer.content_type == "text/event-stream"
        *deltas, done, end = events(await answer.text())
        assert [each["delta"] for each in deltas] == ["1", " 2", " 3"]
        assert "".join(each["delta"] for each in deltas) == done["text"]
        assert (done["type"], done["duration"], done["language"]) == ("transcript.text.done", 2.5, "en")
        assert end == "data: [DONE]"


async def test_a_translation_says_that_it_is_one():
    async with hearing() as node:
        told = await (await post(node, path=TRANSLATIONS, response_format="verbose_json")).json()
        assert (told["task"], told["language"]) == ("translate", "english")
        assert await refusal(await post(node, path=TRANSLATIONS, model=TINY)) == (
            400,
            "unsupported_parameter",
            "model",
        )


@pytest.mark.parametrize("name", ENCODED)
@pytest.mark.parametrize("layout", ["mono", "stereo"])
async def test_every_format_is_heard_whatever_it_is_called(name, layout):
    async with hearing() as node:
        told = await (await post(node, encoded(name, 1.5, layout), response_format="verbose_json")).json()
        assert told["duration"] == pytest.approx(1.5, abs=0.06)


WRONG = [
    ({"temperature": "2"}, "invalid_value", "temperature"),
    ({"temperature": "nan"}, "invalid_value", "temperature"),
    ({"temperature": "warm"}, "invalid_value", "temperature"),
    ({"response_format": "xml"}, "invalid_value", "response_format"),
    ({"response_format": "diarized_json"}, "invalid_value", "response_format"),
    ({"stream": "maybe"}, "invalid_value", "stream"),
    ({"stream": "true", "response_format": "srt"}, "unsupported_parameter", "response_format"),
    ({"language": "english"}, "invalid_value", "language"),
    ({"language": "xx"}, "invalid_value", "language"),
    ({"model": TINY, "language": "fr"}, "invalid_value", "language"),
    ({"model": MODEL}, "model_unfit", "model"),
    ({"model": ""}, "invalid_value", "model"),
    ({"model": None}, "missing_parameter", "model"),
    ({"prompt": "x" * 5000}, "invalid_value", "prompt"),
    ({"prompt": "x" * 20_000}, "invalid_value", "prompt"),
    ({"prompt": b"\xff\xfe"}, "invalid_value", "prompt"),
    ({"include[]": "logprobs"}, "unsupported_parameter", "include"),
    ({"chunking_strategy": "{}"}, "unsupported_parameter", "chunking_strategy"),
    ({"chunking_strategy[type]": "server_vad"}, "unsupported_parameter", "chunking_strategy"),
    ({"known_speaker_names[]": "a"}, "unsupported_parameter", "known_speaker_names"),
    ({"timestamp_granularities[]": "word"}, "unsupported_parameter", "timestamp_granularities"),
    (
        {"timestamp_granularities[]": "letter", "response_format": "verbose_json"},
        "invalid_value",
        "timestamp_granularities[0]",
    ),
    ({"tempreature": "1"}, "unknown_parameter", "tempreature"),
    ({"<b>": "1"}, "unknown_parameter", "body"),
]


@pytest.mark.parametrize(("fields", "code", "param"), WRONG, ids=[f"{w[2]}-{i}" for i, w in enumerate(WRONG)])
async def test_a_wrong_parameter_is_refused_by_name(fields, code, param):
    async with hearing() as node:
        assert await refusal(await post(node, **fields)) == (400, code, param)


async def test_a_parameter_given_twice_is_refused():
    async with hearing() as node:
        assert await refusal(await post(node, None, ("prompt", "a"), ("prompt", "b"))) == (
            400,
            "invalid_value",
            "prompt",
        )
        assert await refusal(await post(node, None, ("file", "x"))) == (400, "invalid_value", "file")


async def test_translations_have_no_language():
    async with hearing() as node:
        answer = await post(node, path=TRANSLATIONS, language="fr")
        assert await refusal(answer) == (400, "unknown_parameter", "language")


async def test_a_model_is_found_by_its_other_name():
    async with hearing() as node:
        assert (await post(node, model="whisper-1")).status == 200


async def test_what_a_form_and_a_query_say_must_be_the_same():
    async with hearing() as node:
        path = f"{TRANSCRIPTIONS}?sync=true&model={BASE}"
        assert (await node.client.post(path, data=form(model=BASE))).status == 200
        assert (await node.client.post(path, data=form(model=None))).status == 200
        answer = await node.client.post(path, data=form(model=TINY))
        assert await refusal(answer) == (400, "invalid_value", "model")


@pytest.mark.parametrize(
    ("query", "param"),
    [("sync=true&stream=true", "stream"), ("sync=perhaps", "sync"), ("bogus=1", "bogus"), ("job_id=1", "job_id")],
)
async def test_a_query_that_makes_no_sense_is_refused(query, param):
    async with hearing() as node:
        status, _, found = await refusal(await node.client.post(f"{TRANSCRIPTIONS}?{query}", data=form()))
        assert (status, found) == (400, param)


async def test_a_long_recording_is_heard_in_pieces_and_told_as_one():
    async with hearing() as node:
        told = await (await post(node, wav(301.0), response_format="verbose_json")).json()
        assert told["duration"] == 301.0
        assert len(told["segments"]) in range(301, 309)
        starts = [each["start"] for each in told["segments"]]
        assert starts == sorted(starts)
        assert told["segments"][-1]["end"] == pytest.approx(301.0)
        busy = await node.metric(f'autorouter_node_requests_total{{model="{BASE}",outcome="ok"}}')
        assert busy >= 6


async def test_a_client_that_leaves_stops_the_model():
    async with hearing(pace=0.02) as node:
        answer = await post(node, wav(200.0), stream="true")
        await answer.content.readany()
        assert node.engine.generating == 1
        answer.close()
        async with asyncio.timeout(5):
            while node.engine.generating:
                await asyncio.sleep(0.01)


async def until_it_hangs(node, stream):
    """Read all of *stream*, whose model stops after its first event; the last one."""
    events = []
    async for event in stream:
        events.append(event)
        node.engine.pace = 5.0
    return events[-1]


async def test_a_stream_that_fails_is_an_error_to_those_who_wrote_the_clients():
    async with hearing(pace=0.05, idle_timeout=0.3) as node:
        url = str(node.client.make_url("/")).rstrip("/")
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key="unused", max_retries=0) as client:
            stream = await client.audio.transcriptions.create(model=BASE, file=("a", wav(10.0)), stream=True)
            with pytest.raises(APIError, match="nothing came from the model"):
                await until_it_hangs(node, stream)
        node.engine.pace = 0.05
        client = PolarGrid(api_key="pg_unused", base_url=url)
        last = await until_it_hangs(node, client.transcribe_stream(wav(10.0), {"model": BASE}))
        assert (last.type, "nothing came from the model" in last.error) == ("error", True)


async def test_a_stream_that_fails_tells_it_to_each_kind_of_client():
    async with hearing(pace=0.05, idle_timeout=0.3) as node:
        for query in ("", f"?stream=true&model={BASE}"):
            more = {} if query else {"stream": "true"}
            answer = await node.client.post(TRANSCRIPTIONS + query, data=form(wav(10.0), **more))
            await answer.content.readany()
            node.engine.pace = 5.0
            last = events(await answer.text())[-1]
            node.engine.pace = 0.05
            if query:
                assert (last["type"], last["code"], type(last["error"])) == ("error", "engine_silent", str)
            else:
                assert last["error"]["code"] == "engine_silent"


async def test_a_claim_in_the_query_changes_nothing_of_the_way_that_is_asked():
    async with hearing() as node:
        answer = await post(node, wav(1.5), path=f"{TRANSCRIPTIONS}?priority=batch&budget_ms=5000")
        assert (answer.status, (await answer.json())["text"]) == (200, "1 2")
        assert re.fullmatch(
            r"queue;dur=[0-9.]+, first;dur=[0-9.]+, total;dur=[0-9.]+", answer.headers["Server-Timing"]
        )
        stream = await post(node, wav(1.5), path=f"{TRANSCRIPTIONS}?priority=batch", stream="true")
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert "first;dur=" in stream.headers["Server-Timing"]


async def test_a_node_that_drains_waits_for_all_of_a_recording():
    async with hearing(pace=0.005) as node:
        answer = await post(node, wav(130.0), stream="true")
        await answer.content.readany()
        async with asyncio.TaskGroup() as group:
            drained = group.create_task(node.agent.door.drain(30.0))
            *_, done, end = events(await answer.text())
            assert await refusal(await post(node)) == (503, "draining", None)
        assert (done["duration"], end) == (130.0, "data: [DONE]")
        assert drained.done()
        assert node.agent.door.inside_now == 0
