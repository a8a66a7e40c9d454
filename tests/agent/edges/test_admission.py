"""What a client sees of a full, a starting and a draining node."""

import asyncio
from contextlib import aclosing

from node_agent.api.edge import EDGE
from node_agent.core.models import ModelState, Standing
from tests.agent.scenes import MODEL, serving


async def test_a_full_node_says_so_with_all_three_retry_headers():
    async with serving(pace=60.0, slots=1, queue=0) as node:
        held = asyncio.ensure_future(node.chat())
        await node.until(lambda model: model["busy"] == 1)
        answer = await node.chat()
        problem = await answer.json()
        assert (answer.status, problem["code"], problem["error"]["type"]) == (
            429,
            "over_capacity",
            "rate_limit_error",
        )
        assert int(answer.headers["Retry-After"]) >= 1
        assert int(answer.headers["retry-after-ms"]) >= 1
        assert answer.headers["x-should-retry"] == "false"
        held.cancel()


async def test_who_waits_in_the_queue_is_served_in_order():
    free = asyncio.Event()

    class Held:
        def __init__(self, engine):
            self._engine = engine

        def __getattr__(self, name):
            return getattr(self._engine, name)

        async def generate(self, prompt):
            await free.wait()
            async with aclosing(self._engine.generate(prompt)) as pieces:
                async for piece in pieces:
                    yield piece

    async with serving(slots=1, queue=2, wrap=Held) as node:
        order = []

        async def ask(name):
            await (await node.chat(name)).read()
            order.append(name)

        async with asyncio.TaskGroup() as group:
            for place, name in enumerate(["a", "b", "c"]):
                group.create_task(ask(name))
                await node.until(lambda model, place=place: model["busy"] + model["queued"] == place + 1)
            free.set()
        assert order == ["a", "b", "c"]


async def test_a_wait_in_the_queue_has_an_end():
    async with serving(pace=60.0, slots=1, queue=1, queue_deadline=0.05) as node:
        held = asyncio.ensure_future(node.chat())
        await node.until(lambda model: model["busy"] == 1)
        answer = await node.chat()
        assert (answer.status, (await answer.json())["code"]) == (429, "over_capacity")
        assert (await node.load())["queued"] == 0
        held.cancel()


async def test_a_client_that_leaves_the_queue_leaves_no_trace():
    async with serving(pace=60.0, slots=1, queue=1) as node:
        held = asyncio.ensure_future(node.chat())
        await node.until(lambda model: model["busy"] == 1)
        waiting = asyncio.ensure_future(node.chat())
        await node.until(lambda model: model["queued"] == 1)
        waiting.cancel()
        await node.until(lambda model: model["queued"] == 0)
        held.cancel()
        await node.until(lambda model: model["busy"] == 0)


async def test_a_node_that_starts_answers_status_and_refuses_chats():
    async with serving(running=False, queue_deadline=0.1) as node:
        assert (await node.report())["health"] == "starting"
        assert (await node.get("/livez")).status == 200
        ready = await node.get("/readyz")
        assert (ready.status, (await ready.json())["code"]) == (503, "starting")
        answer = await node.chat()
        assert (answer.status, (await answer.json())["code"]) == (503, "starting")
        assert (answer.headers["Retry-After"], answer.headers["x-should-retry"]) == ("2", "true")


async def test_a_node_whose_only_model_fell_is_not_ready_whoever_asked_before():
    async with serving() as node:
        node.engine.standings = lambda: {MODEL: Standing(ModelState.FAILED, "its process died")}
        ready = await node.get("/readyz")
        assert (ready.status, (await ready.json())["code"]) == (503, "starting")
        report = await node.report()
        assert (report["health"], report["reason"]) == ("starting", f"{MODEL} failed: its process died")


async def test_a_draining_node_finishes_old_requests_and_takes_no_new_ones():
    async with serving(pace=0.02) as node:
        old = await node.chat("one two three four five", stream=True)
        async with asyncio.TaskGroup() as group:
            group.create_task(node.agent.door.drain(10.0))
            await asyncio.sleep(0)
            assert (await node.report())["health"] == "draining"
            answer = await node.chat()
            assert (answer.status, (await answer.json())["code"]) == (503, "draining")
            assert (await old.read()).endswith(b"data: [DONE]\n\n")


async def test_who_queues_at_a_node_that_begins_to_drain_is_sent_elsewhere_at_once():
    async with serving(pace=0.02, slots=1) as node:
        old = await node.chat("one two three four five", stream=True)
        async with asyncio.TaskGroup() as group:
            queued = group.create_task(node.chat())
            await node.until(lambda model: model["queued"] == 1)
            group.create_task(node.agent.door.drain(10.0))
            answer = await queued
            assert (answer.status, (await answer.json())["code"]) == (503, "draining")
            assert (answer.headers["x-should-retry"], answer.headers["Connection"]) == ("true", "close")
            assert (await old.read()).endswith(b"data: [DONE]\n\n")


async def test_a_report_counts_up_and_keeps_its_boot():
    async with serving() as node:
        first, second = await node.report(), await node.report()
        assert second["seq"] == first["seq"] + 1
        assert second["boot_id"] == first["boot_id"]
        assert second["models"][0]["service_ms"] == 0.0
        await node.chat()
        assert (await node.model())["service_ms"] > 0.0


async def test_a_report_has_averages_and_metrics_have_the_moment():
    async with serving(pace=60.0, slots=2) as node:
        held = asyncio.ensure_future(node.chat())
        await node.until(lambda model: model["busy"] == 1)
        assert 0.0 <= (await node.model())["busy"] < 1.0
        assert (await node.model())["slots"] == await node.metric(f'autorouter_node_slots{{model="{MODEL}"}}') == 2
        assert await node.metric(f'autorouter_node_slots_configured{{model="{MODEL}"}}') == 2
        held.cancel()


async def test_answers_tell_the_limit_how_fast_the_model_writes_and_those_broken_off_do_not():
    async with serving(pace=0.005) as node:
        limit = lambda: node.agent.application[EDGE].service._gates[MODEL]._limit  # noqa: E731 - one expression, with a name for the test to read
        answer = await node.chat("word " * 500, stream=True)
        await answer.content.readline()
        answer.close()
        await node.until(lambda model: model["busy"] == 0)
        assert limit().told == 0
        await node.chat("one two three four five")
        assert limit().told == 1
        assert limit().seen[0].rate <= 5.5 / (5 * 0.005)  # five tokens written, a tenth of five read


async def test_outcomes_are_counted_and_labels_never_come_from_clients():
    async with serving(slots=1, queue=0) as node:
        await node.chat("one two")
        await node.client.post(
            "/v1/chat/completions", json={"model": "made-up", "messages": [{"role": "user", "content": "x"}]}
        )
        page = await (await node.get("/metrics")).text()
        assert 'autorouter_node_requests_total{model="smollm2-135m-instruct",outcome="ok"} 1.0' in page
        assert 'autorouter_node_ttft_seconds_count{model="smollm2-135m-instruct"} 1.0' in page
        assert 'autorouter_node_tpot_seconds_count{model="smollm2-135m-instruct"} 1.0' in page
        assert 'autorouter_node_latest_ttft_seconds{model="smollm2-135m-instruct",quantile="0.99"}' in page
        assert "autorouter_node_latest_rtf{" not in page
        assert 'autorouter_node_busy_requests{model="smollm2-135m-instruct"} 0.0' in page
        assert "made-up" not in page
