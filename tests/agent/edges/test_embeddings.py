"""Embeddings at the edge, over an engine whose vectors are (length of the text, 1)."""

import base64
import struct

import pytest

from node_agent.core.embedding import Vectors
from node_agent.core.errors import EngineError, Fault
from node_agent.core.task import Usage
from tests.agent import scenes
from tests.agent.edges.test_stream import Breaking
from tests.agent.scenes import serving

MODEL = "all-minilm-l6-v2"


def placing(**more):
    return serving(models=(scenes.MODEL, MODEL), **more)


async def embed(node, texts="one two", **more):
    asked = {"model": MODEL, "input": texts, **more}
    return await node.client.post("/v1/embeddings", json={k: v for k, v in asked.items() if v is not ...})


async def test_one_text_is_a_list_of_one():
    async with placing() as node:
        answer = await embed(node, user="someone", dimensions=384)
        assert answer.content_type == "application/json"
        assert await answer.json() == {
            "object": "list",
            "data": [{"object": "embedding", "index": 0, "embedding": [7, 1]}],
            "model": MODEL,
            "usage": {"prompt_tokens": 2, "total_tokens": 2},
        }


async def test_base64_is_floats_of_32_bits_little_endian():
    async with placing() as node:
        data = (await (await embed(node, ["a", "bcd"], encoding_format="base64")).json())["data"]
        vectors = [struct.unpack("<2f", base64.b64decode(each["embedding"])) for each in data]
        assert vectors == [(1.0, 1.0), (3.0, 1.0)]
        assert [each["index"] for each in data] == [0, 1]


async def test_as_many_as_openai_takes_and_no_more():
    async with placing() as node:
        data = (await (await embed(node, ["a" * (n % 7 + 1) for n in range(2048)])).json())["data"]
        assert [each["embedding"][0] for each in data] == [n % 7 + 1 for n in range(2048)]
        assert (await embed(node, ["a"] * 2049)).status == 400


class Few(Breaking):
    """Places one text in each step, and says so at the end."""

    async def generate(self, texts):
        for number, _ in enumerate(texts.texts):
            yield Vectors(((float(number), 0.1),))
        yield Vectors((), Usage(prompt=9))


async def test_steps_are_put_together_in_order():
    async with placing(wrap=lambda engine: Few(engine, None)) as node:
        whole = await (await embed(node, ["a", "b", "c"])).json()
        assert [each["embedding"] for each in whole["data"]] == [[0, 0.1], [1, 0.1], [2, 0.1]]
        assert whole["usage"]["prompt_tokens"] == 9


class Short(Breaking):
    """Forgets the last text."""

    async def generate(self, texts):
        yield Vectors(((1.0, 1.0),) * (len(texts.texts) - 1), Usage(prompt=1))


async def test_a_text_that_was_not_placed_is_an_error_and_not_left_out():
    async with placing(wrap=lambda engine: Short(engine, None)) as node:
        assert (await embed(node, ["a", "b"])).status == 502


class TooLong(Breaking):
    """Refuses everything."""

    async def generate(self, texts):
        raise EngineError(Fault.TOO_LONG, "text 1 has 302 tokens, the model takes 256")
        yield


async def test_a_text_that_is_too_long_is_named():
    async with placing(wrap=lambda engine: TooLong(engine, None)) as node:
        problem = await (await embed(node)).json()
        assert (problem["code"], problem["error"]["param"]) == ("context_length_exceeded", "input")
        assert problem["detail"] == "text 1 has 302 tokens, the model takes 256"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"texts": [1, 2, 3]}, ("unsupported_parameter", "input")),
        ({"texts": [[1, 2], [3]]}, ("unsupported_parameter", "input")),
        ({"texts": ""}, ("invalid_value", "input")),
        ({"texts": []}, ("invalid_value", "input")),
        ({"texts": ["a", ""]}, ("invalid_value", "input[1]")),
        ({"texts": ["a", 1]}, ("invalid_value", "input[1]")),
        ({"texts": {"text": "a"}}, ("invalid_value", "input")),
        ({"texts": ...}, ("missing_parameter", "input")),
        ({"dimensions": 256}, ("unsupported_parameter", "dimensions")),
        ({"dimensions": 0}, ("invalid_value", "dimensions")),
        ({"encoding_format": "hex"}, ("invalid_value", "encoding_format")),
        ({"truncate": True}, ("unknown_parameter", "truncate")),
        ({"model": scenes.MODEL}, ("model_unfit", "model")),
    ],
    ids=lambda each: str(each)[:40],
)
async def test_what_cannot_be_done_is_refused_by_name(asked, told):
    async with placing() as node:
        answer = await embed(node, **asked)
        problem = await answer.json()
        assert (answer.status, (problem["code"], problem["error"]["param"])) == (400, told), problem


async def test_a_model_answers_to_its_other_names_and_tells_its_own():
    async with placing() as node:
        assert (await (await embed(node, model="all-MiniLM-L6-v2")).json())["model"] == MODEL
