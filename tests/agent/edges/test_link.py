"""What a Triton may answer, and what becomes of it."""

import asyncio
from contextlib import aclosing

import pytest

from node_agent.core.chat import Piece
from node_agent.core.errors import EngineError, Fault
from node_agent.engines.triton.codecs.codec import read
from node_agent.engines.triton.codecs.tensors import strings
from node_agent.engines.triton.link import Link
from tests.agent.fake_triton import FakeTriton, answer, listening, text
from tests.agent.scenes import codec

WRONG = {
    "no such tensor": answer(text(b"{}"), name="other"),
    "empty": answer(shape=(0,)),
    "two": answer(text(b"a") + text(b"b"), shape=(2,)),
    "numbers": answer(b"\x07\0\0\0\0\0\0\x7f", datatype="INT64"),
    "smaller than it says": answer(b"\0\0\0\0", datatype="FP32", shape=(3,)),
    "a string cut short": answer(b"\x09\0\0\0abc"),
}


async def pieces_of(triton):
    async with listening(triton):
        link = Link(triton.address)
        try:
            async with aclosing(link.stream("m", {"prompt": strings(b"{}")})) as answers:
                return [read(codec(), answer) async for answer in answers]
        finally:
            await link.close()


async def test_an_answer_is_its_one_string():
    piece = b'{"text": "hello", "finish": null, "usage": null}'
    assert await pieces_of(FakeTriton(answer(text(piece)))) == [Piece("hello")]


async def test_an_answer_that_is_about_to_end_is_not_cancelled():
    async with listening(Ending(answer(text(b"all there is")))) as triton:
        link = Link(triton.address)
        async with aclosing(link.stream("m", {"prompt": strings(b"{}")})) as pieces:
            await anext(pieces)
        assert await triton.end() == "by itself"
        await link.close()


async def test_one_that_goes_on_is_cancelled():
    async with listening(Ending(answer(text(b"the first of many")), takes=60.0)) as triton:
        link = Link(triton.address)
        async with asyncio.timeout(5.0), aclosing(link.stream("m", {"prompt": strings(b"{}")})) as pieces:
            await anext(pieces)
        assert await triton.end() == "cancelled"
        await link.close()


class Ending(FakeTriton):
    """Answers once, and ends after *takes* seconds."""

    def __init__(self, answer, takes=0.005):
        super().__init__(answer)
        self.takes = takes
        self._ended = asyncio.Queue()

    async def end(self):
        """How its answer ended."""
        async with asyncio.timeout(5.0):
            return await self._ended.get()

    async def ModelStreamInfer(self, requests, context):  # noqa: N802 - the protocol's name
        try:
            async for each in super().ModelStreamInfer(requests, context):
                yield each
            await asyncio.sleep(self.takes)
            self._ended.put_nowait("by itself")
        except (asyncio.CancelledError, GeneratorExit):
            self._ended.put_nowait("cancelled")
            raise


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
async def test_an_answer_of_another_shape_is_a_broken_model(wrong):
    with pytest.raises(EngineError) as caught:
        await pieces_of(FakeTriton(wrong))
    assert caught.value.fault is Fault.BROKEN
