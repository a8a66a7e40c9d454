"""Texts continued, as the edge dresses them."""

import json
import re

import pytest

from tests.agent.scenes import MODEL, serving

TIMES = {"region", "latency_ms", "model_load_time_ms", "queue_time_ms", "inference_time_ms"}


def body(**more):
    return {"model": MODEL, "prompt": "one two three", **more}


async def asked(node, path="/v1/completions", **more):
    return await node.client.post(path, json=body(**more))


async def test_a_whole_text_tells_finish_usage_and_what_it_took():
    async with serving() as node:
        answer = await asked(node, max_tokens=2)
        whole = await answer.json()
        assert (whole["object"], whole["model"], whole["id"][:5]) == ("text_completion", MODEL, "cmpl-")
        assert whole["choices"] == [{"index": 0, "text": "one two", "logprobs": None, "finish_reason": "length"}]
        assert whole["usage"] == {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        assert set(whole["pg_metadata"]) == TIMES
        assert re.fullmatch(
            r"queue;dur=[0-9.]+, first;dur=[0-9.]+, total;dur=[0-9.]+", answer.headers["Server-Timing"]
        )


async def test_openais_own_limit_counts_where_none_is_given():
    async with serving() as node:
        whole = await (await asked(node, prompt="word " * 20)).json()
        assert whole["usage"]["completion_tokens"] == 16


@pytest.mark.parametrize(("path", "more"), [("/v1/completions", {"stream": True}), ("/v1/completions/stream", {})])
async def test_a_stream_is_texts_then_a_finish_then_done(path, more):
    async with serving() as node:
        answer = await asked(node, path, **more)
        *events, done = (await answer.read()).decode().removesuffix("\n\n").split("\n\n")
        chunks = [json.loads(event.removeprefix("data: ")) for event in events]
        assert done == "data: [DONE]"
        assert [chunk["choices"][0]["text"] for chunk in chunks] == ["one", " two", " three", ""]
        assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, None, "stop"]
        assert "first;dur=" in answer.headers["Server-Timing"]


async def test_usage_is_one_more_chunk_when_it_is_asked_for():
    async with serving() as node:
        answer = await asked(node, stream=True, stream_options={"include_usage": True})
        *_, last, _done, _end = (await answer.read()).decode().split("\n\n")
        last = json.loads(last.removeprefix("data: "))
        assert (last["choices"], last["usage"]["total_tokens"]) == ([], 6)


@pytest.mark.parametrize(
    ("wrong", "code", "param"),
    [
        ({"prompt": ["a", "b"]}, "invalid_value", "prompt"),
        ({"prompt": [1]}, "invalid_value", "prompt[0]"),
        ({"prompt": ""}, "invalid_value", "prompt"),
        ({"prompt": None}, "invalid_value", "prompt"),
        ({"echo": True}, "unsupported_parameter", "echo"),
        ({"best_of": 2}, "unsupported_parameter", "best_of"),
        ({"suffix": "end"}, "unsupported_parameter", "suffix"),
        ({"logprobs": 1}, "unsupported_parameter", "logprobs"),
        ({"messages": []}, "unknown_parameter", "messages"),
    ],
)
async def test_a_wrong_parameter_is_refused_by_name(wrong, code, param):
    async with serving() as node:
        answer = await asked(node, **wrong)
        problem = await answer.json()
        assert (answer.status, problem["code"], problem["error"]["param"]) == (400, code, param)


async def test_null_asks_for_nothing():
    async with serving() as node:
        assert (await asked(node, stop=None, user=None, n=None, suffix=None)).status == 200
