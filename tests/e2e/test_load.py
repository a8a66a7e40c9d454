"""Load as clients of a router feel it: who is sent on, who is sent away, and what routers know of each other."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from tests.e2e.process import regions_yaml, router
from tests.fake_node import fake_node
from tests.valkey import running as running_valkey

REGIONS = ("yto-01", "yul-01", "yvr-02")


class Nodes:
    """Played nodes, one a region, that say how busy they are."""

    def __init__(self, played):
        self.played = played

    def say(self, region, *, slots=4, busy=0.0, queued=0.0, **more):
        model = {"name": "smollm2", "version": "1", "state": "ready", "slots": slots, "busy": busy, "queued": queued}
        self.played[region].says = {
            "node": region,
            "region": region,
            "models": [{**model, "service_ms": 500, **more}],
        }

    def all_say(self, **load):
        for region in REGIONS:
            self.say(region, **load)


@pytest.fixture
async def nodes():
    async with AsyncExitStack() as stack:
        yield Nodes({region: await stack.enter_async_context(fake_node()) for region in REGIONS})


@pytest.fixture
def config(tmp_path, nodes):
    path = tmp_path / "regions.yaml"
    path.write_text(regions_yaml({region: node.url for region, node in nodes.played.items()}))
    return path


async def explained(running, region):
    """What *running* tells of its candidate *region*."""
    _, told = await running.get("/v1/route?explain=1")
    return next(each for each in told["explain"]["ranked"] if each["region"] == region)


async def asked(running, path, networks=20):
    """How the router answers *path* for clients of so many networks."""
    return [await running.get(path, **{"X-Forwarded-For": f"24.48.{number}.7"}) for number in range(networks)]


async def test_when_all_is_full_some_are_told_to_come_back_and_batch_first(nodes, config):
    nodes.all_say(slots=100, busy=90)
    async with router(config) as running:
        await running.is_up(*REGIONS)
        assert {status for status, _ in await asked(running, "/v1/route")} == {200}
        batch = await asked(running, "/v1/route?priority=batch")
        assert sum(status == 503 for status, _ in batch) > 10
        nodes.all_say(slots=100, busy=100, queued=40)
        turned_away = []
        async with asyncio.timeout(60):  # what is reported is smoothed
            while {status for status, _ in turned_away} != {503}:
                await asyncio.sleep(0.5)
                turned_away = await asked(running, "/v1/route")
        assert {told["code"] for _, told in turned_away} == {"overloaded"}
        assert {each["rule"] for _, told in turned_away for each in told["rejected"]} == {"capacity"}
        nodes.all_say(slots=100)
        await running.until(lambda status, _: status == 200, within=60)


async def test_who_is_turned_away_is_not_told_to_come_back_all_at_once(nodes, config):
    nodes.all_say(slots=100, busy=150)
    async with router(config) as running:
        await running.is_up(*REGIONS)
        waits = [await running.header("Retry-After", **{"X-Forwarded-For": f"24.48.{n}.7"}) for n in range(20)]
        assert all(5 <= int(wait) <= 15 for wait in waits)
        assert len(set(waits)) > 4


async def test_a_gray_node_is_set_aside_and_said_to_be(nodes, config):
    nodes.all_say(served=100)
    async with router(config) as running:
        await running.is_up(*REGIONS)
        nodes.say("yto-01", served=100, failed=6)
        await running.until(lambda status, told: status == 200 and told["region"] == "yul-01")
        _, told = await running.get("/v1/regions")
        toronto = next(each for each in told["regions"] if each["region"] == "yto-01")
        assert toronto["health"] == "degraded"
        assert "6 requests failed in a row" in toronto["reason"]


async def test_routers_count_what_the_others_have_promised(nodes, config, tmp_path):
    nodes.all_say(slots=20, busy=4)
    with running_valkey(tmp_path) as valkey:
        async with router(config, "--redis", valkey.url) as one, router(config, "--redis", valkey.url) as other:
            await one.is_up(*REGIONS)
            await other.is_up(*REGIONS)
            before = (await explained(other, "yto-01"))["headroom"]
            assert await other.metric('autorouter_region_slots{region="yto-01"}') == 20
            for _ in range(20):
                await one.get("/v1/route?only=yto-01")
            async with asyncio.timeout(10):
                while (await explained(other, "yto-01"))["headroom"] > before - 0.1:
                    await asyncio.sleep(0.1)
            assert await other.metric('autorouter_region_load{region="yto-01"}') > 6
