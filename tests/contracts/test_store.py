"""What every store promises, whichever it is: the fake is held to what the real one does."""

import asyncio
from contextlib import aclosing

import pytest

from autorouter.core.fleet import ModelLoad
from autorouter.core.names import ModelName, NodeName, RegionName, RouterName
from autorouter.core.observation import Observation, Outcome, Report
from autorouter.core.units import Millis
from autorouter.runtime.clock import now
from autorouter.store.memory import MemoryStore
from autorouter.store.redis import RedisStore


def seen(node, outcome=Outcome.READY, *, router="r-them", reason="", rtt=1.25):
    model = ModelLoad(ModelName("smollm2"), "1", "ready", 2, 1.5, 0.0, Millis(120.0))
    report = Report("boot", 3, "0.1", (model,)) if outcome is Outcome.READY else None
    rtt = Millis(rtt) if report else None
    return Observation(RouterName(router), RegionName("yto-01"), NodeName(node), now(), outcome, reason, rtt, report)


@pytest.fixture(params=["memory", "redis"])
async def store(request):
    if request.param == "memory":
        opened = MemoryStore()
    else:
        valkey = request.getfixturevalue("valkey")
        valkey.flush()
        opened = RedisStore(valkey.url, now, lambda: None)
    yield opened
    await opened.close()


async def first(store, count):
    """The first *count* observations a new follower hears."""
    heard = []
    async with asyncio.timeout(10), aclosing(store.follow()) as news:
        async for observation in news:
            heard.append(observation)
            if len(heard) == count:
                return heard
    return heard


def without_time(observation):
    return (observation.router, observation.node, observation.outcome, observation.reason, observation.rtt,
            observation.report)  # fmt: skip


async def test_a_follower_is_told_the_recent_past_first_and_in_order(store):
    told = [seen("a"), seen("b", Outcome.REFUSED, reason="connection refused"), seen("c")]
    for observation in told:
        await store.append(observation)
    assert list(map(without_time, await first(store, 3))) == list(map(without_time, told))


async def test_every_follower_is_told_what_comes_later(store):
    await store.append(seen("early"))
    async with asyncio.TaskGroup() as tasks:
        heard = [tasks.create_task(first(store, 3)) for _ in range(2)]
        await asyncio.sleep(0.05)
        for node in ("later", "last"):
            await store.append(seen(node))
    for each in heard:
        assert [observation.node for observation in each.result()] == ["early", "later", "last"]


async def test_an_observation_arrives_with_the_instant_it_was_made_or_a_little_later(store):
    before = now()
    await store.append(seen("a"))
    (heard,) = await first(store, 1)
    assert before - 1.0 < heard.at <= now()
