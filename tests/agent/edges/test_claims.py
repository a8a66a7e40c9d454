"""What clients say of their urgency and patience, and what the queue makes of it."""

import asyncio
from collections import Counter

import pytest

from tests.agent.scenes import MODEL, asked, serving

CHAT = "/v1/chat/completions"


async def status_of(node, text="one", query="", **headers):
    answer = await node.client.post(CHAT + query, json=asked(text), headers=headers)
    await answer.read()
    return answer.status


@pytest.mark.parametrize(
    ("query", "headers", "param"),
    [
        ("?priority=urgent", {}, "priority"),
        ("?budget_ms=soon", {}, "budget_ms"),
        ("?budget_ms=0", {}, "budget_ms"),
        ("?budget_ms=nan", {}, "budget_ms"),
        ("?budget_ms=3600001", {}, "budget_ms"),
        ("", {"x-request-deadline-ms": "-1"}, "x-request-deadline-ms"),
        ("", {"x-request-deadline-ms": "1_000"}, "x-request-deadline-ms"),
        ("?budget_ms=0", {"x-request-deadline-ms": "100"}, "budget_ms"),
        ("?priority=batch", {"x-autorouter-priority": "Batch"}, "x-autorouter-priority"),
    ],
)
async def test_a_wrong_claim_is_refused_by_name(query, headers, param):
    async with serving() as node:
        answer = await node.client.post(CHAT + query, json=asked(), headers=headers)
        error = (await answer.json())["error"]
        assert (answer.status, error["code"], error["param"]) == (400, "invalid_value", param)


async def test_a_claim_may_be_made_in_the_query_or_in_headers():
    async with serving() as node:
        assert await status_of(node, query="?priority=batch&budget_ms=12.5") == 200
        assert await status_of(node, **{"x-request-deadline-ms": "100", "x-autorouter-priority": "batch"}) == 200


async def test_a_client_that_cannot_wait_is_told_so_in_its_time():
    async with serving(pace=0.2, slots=1) as node, asyncio.TaskGroup() as group:
        first = group.create_task(status_of(node, "one two three four five"))
        await node.until(lambda model: model["busy"] == 1)
        assert await status_of(node, query="?budget_ms=20") == 429
        assert not first.done()
        waits = f'autorouter_node_queue_wait_seconds_bucket{{le="0.01",model="{MODEL}"}}'
        assert await node.metric(waits) == 0, "it has waited, for all that it got nothing"
        assert await node.metric(f'autorouter_node_queue_wait_seconds_count{{model="{MODEL}"}}') == 1


async def test_under_ten_times_the_load_the_urgent_are_served_and_the_rest_is_shed():
    ended = Counter()

    async def client(node, priority):
        for _ in range(5):
            ended[priority, await status_of(node, "one two", query=f"?priority={priority}")] += 1

    async with serving(pace=0.01, slots=2, queue=4) as node, asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(client(node, "interactive" if number < 4 else "batch"))
    assert ended["interactive", 429] == 0
    assert ended["interactive", 200] == 20
    assert ended["batch", 429] > ended["batch", 200]
