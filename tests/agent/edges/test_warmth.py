"""Models that come into memory when they are asked for, and leave when others need the room."""

import asyncio

import pytest

from node_agent.api.edge import EDGE
from node_agent.core.claim import Claim
from node_agent.core.errors import Refused
from node_agent.core.models import ModelName, ModelState
from node_agent.core.units import Seconds
from tests.agent.scenes import MODEL, asked, catalogue, prompt, serving

ABC = catalogue("a", "b", "c")
TWO_FIT = {"catalogue": ABC, "models": ("a", "b", "c"), "memory": 600}
COLD, READY = ModelState.COLD, ModelState.READY


@pytest.fixture
def quick(monkeypatch):
    """No model has to stay for longer than it is used."""
    monkeypatch.setattr("node_agent.engines.tenants.STAY", 0.0)


async def test_without_a_bound_all_are_loaded_and_with_one_those_that_fit():
    async with serving(catalogue=ABC, models=("a", "b", "c")) as node:
        assert await node.states() == [READY, READY, READY]
    async with serving(**TWO_FIT, pins=("c",)) as node:
        assert await node.states() == [READY, COLD, READY]
        assert (await node.report())["health"] == "ready"


@pytest.mark.usefixtures("quick")
async def test_who_asks_for_what_is_cold_waits_for_it_and_the_least_recently_used_leaves():
    async with serving(**TWO_FIT, load=0.05) as node:
        for name in ("b", "a"):
            await node.chat(model=name)
        assert await node.states() == [READY, READY, COLD]
        answer = await node.chat(model="c")
        assert (answer.status, (await answer.json())["model"]) == (200, "c")
        assert await node.states() == [READY, COLD, READY]


@pytest.mark.usefixtures("quick")
async def test_the_pinned_stay_whoever_asks():
    async with serving(**TWO_FIT, pins=("a",)) as node:
        for name in ("b", "c", "b", "c"):
            assert (await node.chat(model=name)).status == 200
            assert (await node.states())[0] == READY


@pytest.mark.usefixtures("quick")
async def test_what_is_being_asked_is_not_unloaded_and_the_reason_is_said():
    async with serving(pace=60.0, queue_deadline=0.2, **TWO_FIT) as node:
        node.engine._tenants[ModelName("c")].took = Seconds(0.01)
        held = [asyncio.ensure_future(node.chat(model=name)) for name in ("a", "b")]
        await asyncio.sleep(0.05)
        answer = await node.chat(model="c")
        problem = await answer.json()
        assert (answer.status, problem["code"]) == (503, "starting")
        assert (
            "it needs 300 of 600 MiB, and what is there is in use or pinned; nobody knows when" in problem["detail"]
        )
        assert (await node.report())["models"][2]["load_ms"] == 0, "routers do not offer what nobody knows of"
        assert await node.states() == [READY, READY, COLD]
        for each in held:
            each.cancel()


async def test_who_asks_for_what_was_told_to_leave_has_it_loaded_again_and_nothing_is_taken_from_it():
    async with serving(catalogue=ABC, models=("a",)) as node:
        assert node.engine.dismiss(ModelName("a")) == ""
        assert node.engine.standings()[ModelName("a")].state is ModelState.UNLOADING
        assert (await node.chat(model="a")).status == 200
        assert await node.states() == [READY]


async def test_what_was_only_just_loaded_stays_for_a_while():
    async with serving(catalogue=ABC, models=("a", "b"), memory=300, load=0.1) as node:
        began = asyncio.get_running_loop().time()
        for name in ("b", "a", "b"):
            assert (await node.chat(model=name)).status == 200
        assert asyncio.get_running_loop().time() - began >= 3 * 0.1 + 2 * 2 * 0.1, (
            "three loads, and two stays between"
        )


async def test_a_load_that_takes_longer_than_the_client_can_wait_goes_on_without_it():
    async with serving(catalogue=ABC, models=("a", "b"), memory=900, pins=("a",), load=0.0) as node:
        node.engine.load = 0.3
        await (await node.client.post("/v1/models/unload", json={"model_name": "b"})).read()
        service = node.agent.application[EDGE].service
        node.engine._tenants[ModelName("b")].took = Seconds(0.3)
        with pytest.raises(Refused, match=r"it should be ready in 0\.3 s") as caught:
            async with service.answer(prompt(model="b"), Claim(patience=Seconds(0.01))):
                pass
        assert caught.value.refusal.retry_after == pytest.approx(0.3, abs=0.1)
        async with asyncio.timeout(5):
            while (await node.states())[1] != READY:
                await asyncio.sleep(0.01)


async def test_a_load_that_is_known_to_take_too_long_is_refused_at_once_with_the_time_in_retry_after():
    slow = catalogue("a", "b", memory=30_000)
    async with serving(catalogue=slow, models=("a", "b"), memory=40_000, load=60.0) as node:
        answer = await node.chat(model="b")
        assert (answer.status, (await answer.json())["code"]) == (503, "starting")
        assert 400 <= int(answer.headers["Retry-After"]) <= 402, "the other is on its way, and leaves for this one"
        assert answer.headers["x-should-retry"] == "true"


async def test_a_status_tells_how_long_a_load_takes_and_how_far_loading_is():
    async with serving(catalogue=ABC, models=("a", "b", "c"), load=60.0) as node:
        report = await node.report()
        assert report["health"] == "starting"
        assert report["reason"] == "loading 1 of 3: a, b, c"
        assert [1000 < model["load_ms"] <= 2000 for model in report["models"]] == [True, True, True]
    async with serving(catalogue=ABC, models=("a", "b"), memory=300) as node:
        ready, cold = (await node.report())["models"]
        assert (ready["load_ms"], cold["load_ms"]) == (0, pytest.approx(3500, abs=10)), "one leaves, the other comes"


async def test_who_meets_a_model_that_is_being_mended_waits_for_it():
    async with serving() as node:
        node.engine._board.post(ModelName(MODEL), ModelState.FAILED, "it stopped answering and is loaded again")
        asking = asyncio.ensure_future(node.chat())
        await asyncio.sleep(0.05)
        assert not asking.done()
        node.engine._board.post(ModelName(MODEL), ModelState.READY)
        assert (await asking).status == 200


async def test_no_more_wait_for_a_load_than_for_a_slot_and_they_are_counted():
    async with serving(catalogue=ABC, models=("a",), load=60.0, queue=1) as node:
        asking = [asyncio.ensure_future(node.chat(model="a")) for _ in range(9)]
        async with asyncio.timeout(5):
            while sum(each.done() for each in asking) < 6:
                await asyncio.sleep(0.01)
        answers = [each.result() for each in asking if each.done()]
        assert [(answer.status, (await answer.json())["code"]) for answer in answers] == [(429, "over_capacity")] * 6
        assert await node.metric('autorouter_node_queued_requests{model="a"}') == 1
        assert await node.metric('autorouter_node_busy_requests{model="a"}') == 2
        late = await node.client.post("/v1/chat/completions?budget_ms=100", json=asked(model="a"))
        assert (await late.json())["code"] == "starting", "it is not for want of a place that this one is refused"
        for each in asking:
            each.cancel()


async def test_nobody_waits_longer_for_a_load_than_the_queue_allows_however_long_it_can():
    async with serving(catalogue=ABC, models=("a",), load=60.0, queue_deadline=1.0) as node:
        body, headers = asked(model="a"), {"x-request-deadline-ms": "3600000"}
        answer = await node.client.post("/v1/chat/completions", json=body, headers=headers)
        assert (answer.status, (await answer.json())["code"]) == (503, "starting"), "the load should take two seconds"


async def test_the_queue_and_the_load_have_one_deadline():
    async with serving(pace=60.0, slots=1) as node:
        first = asyncio.ensure_future(node.chat())
        await node.until(lambda model: model["busy"] == 1)
        service = node.agent.application[EDGE].service
        asking = asyncio.ensure_future(until_answered(service, Claim(patience=Seconds(9.0))))
        await node.until(lambda model: model["queued"] == 1)
        await asyncio.sleep(0.3)
        node.engine._board.post(ModelName(MODEL), ModelState.FAILED, "it stopped answering and is loaded again")
        node.engine._tenants[ModelName(MODEL)].took = Seconds(8.8)
        first.cancel()
        async with asyncio.timeout(5):
            with pytest.raises(Refused, match=r"it should be ready in 8\.8 s"):
                await asking


async def until_answered(service, claim):
    async with service.answer(prompt(), claim):
        pass


async def test_who_waits_for_a_load_is_turned_out_with_the_rest():
    async with serving(catalogue=ABC, models=("a",), load=60.0) as node:
        asking = asyncio.ensure_future(node.chat(model="a"))
        await asyncio.sleep(0.05)
        node.agent.door.turn_out()
        answer = await asking
        assert (answer.status, (await answer.json())["code"]) == (503, "draining")


async def test_a_client_that_leaves_while_a_model_loads_leaves_no_trace():
    async with serving(catalogue=ABC, models=("a",), load=60.0) as node:
        asking = asyncio.ensure_future(node.chat(model="a"))
        await asyncio.sleep(0.05)
        assert node.engine._tenants[ModelName("a")].users == 1
        asking.cancel()
        async with asyncio.timeout(5):
            while node.engine._tenants[ModelName("a")].users:
                await asyncio.sleep(0.01)
        assert node.agent.door.inside_now == 0
