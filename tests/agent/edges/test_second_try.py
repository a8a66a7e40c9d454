"""A model that is lost under a request, and what the client notices of it."""

import asyncio

import pytest

from node_agent.core.errors import EngineError, Fault
from node_agent.core.models import ModelName, ModelState
from node_agent.core.units import Seconds
from tests.agent.scenes import MODEL, asked, serving

NAME = ModelName(MODEL)


class Losing:
    """An engine whose next answers end so, each after so many words."""

    def __init__(self, engine, *ends):
        self._engine = engine
        self._ends = list(ends)
        self.doubts = []
        self.falls = False
        """Whether the model stands as failed once it was doubted, until it is mended."""

    def __getattr__(self, name):
        return getattr(self._engine, name)

    def doubt(self, model, error):
        self.doubts.append(error.fault)
        if self.falls:
            self._board.post(model, ModelState.FAILED, "a request was lost, and it is looked at")

    async def generate(self, task):
        fault, words = self._ends.pop(0) if self._ends else (None, None)
        async for step in self._engine.generate(task):
            if fault is not None and words == 0:
                raise EngineError(fault, "the process that runs the model has died")
            words = None if words is None else words - 1
            yield step


def losing(*ends):
    return lambda engine: Losing(engine, *ends)


async def test_a_request_that_was_lost_before_its_first_word_is_answered_all_the_same():
    async with serving(wrap=losing((Fault.DEAD, 0))) as node:
        answer = await node.chat("one two")
        assert (await answer.json())["choices"][0]["message"]["content"] == "one two"
        assert node.engine.doubts == [Fault.DEAD]
        assert await node.metric(f'autorouter_node_second_tries_total{{model="{MODEL}"}}') == 1
        model = await node.model()
        assert (model["served"], model["failed"]) == (1, 0)


async def test_the_second_try_waits_until_the_model_is_mended():
    async with serving(wrap=losing((Fault.DEAD, 0))) as node:
        node.engine.falls = True
        asking = asyncio.ensure_future(node.chat())
        async with asyncio.timeout(5):
            while not node.engine.doubts:
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        assert not asking.done()
        node.engine._board.post(NAME, ModelState.READY)
        assert (await asking).status == 200


async def test_the_second_try_has_no_deadline_of_its_own():
    async with serving(wrap=losing((Fault.DEAD, 0)), pace=0.3) as node:
        node.engine.falls = True
        node.engine._tenants[NAME].took = Seconds(8.8)
        async with asyncio.timeout(5):
            answer = await node.client.post("/v1/chat/completions?budget_ms=9000", json=asked())
        assert (answer.status, (await answer.json())["code"]) == (503, "starting"), "0.3 of 9.0 s were over"


async def test_one_that_is_lost_twice_has_failed():
    async with serving(wrap=losing((Fault.DEAD, 0), (Fault.UNREACHABLE, 0))) as node:
        answer = await node.chat("one two")
        assert (answer.status, (await answer.json())["code"]) == (503, "engine_unavailable")
        assert answer.headers["x-should-retry"] == "true"


async def test_nothing_is_said_twice():
    async with serving(wrap=losing((Fault.DEAD, 1))) as node:
        body = await (await node.chat("one two", stream=True)).text()
        assert body.count('"content":"one"') == 1
        assert '"error"' in body


@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.REFUSED, Fault.TOO_LONG, Fault.SILENT])
async def test_what_had_its_chance_is_not_tried_again(fault):
    async with serving(wrap=losing((fault, 0))) as node:
        assert (await node.chat()).status >= 400
