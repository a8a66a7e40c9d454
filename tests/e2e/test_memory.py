"""What routers know of clients: shared, found again after a router was killed, and not to be had by lying."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp
import pytest

from tests.e2e.process import regions_yaml, router
from tests.fake_node import fake_node
from tests.places import cities, nested, systems
from tests.valkey import running as running_valkey

REGIONS = ("yto-01", "yul-01", "yvr-02")
HONEST, LIARS = 70, 30
"""Networks of one provider."""


def address(number):
    """A client in network *number* of the provider, which is in Toronto."""
    return f"24.48.{number}.7"


@pytest.fixture
async def config(tmp_path):
    async with AsyncExitStack() as stack:
        urls = {}
        for region in REGIONS:
            node = await stack.enter_async_context(fake_node())
            node.says = {"node": region, "region": region}
            urls[region] = node.url
        path = tmp_path / "regions.yaml"
        path.write_text(regions_yaml(urls))
        yield path


@pytest.fixture
def located(tmp_path):
    """Options by which a router knows where the provider's clients are."""
    city = cities(tmp_path / "city.mmdb", {"24.48.0.0/16": nested("CA", 43.65, -79.38, 20)})
    return "--geoip", city, "--geoip-asn", systems(tmp_path / "asn.mmdb", {"24.48.0.0/16": {"asn": 5769}})


@pytest.fixture
def valkey(tmp_path):
    with running_valkey(tmp_path) as running:
        yield running


async def report(url, client, **rtts):
    """What *client* says it takes, by region."""
    told = {"rtts": [{"region": region.replace("_", "-"), "rtt_ms": rtt} for region, rtt in rtts.items()]}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/v1/rtt", json=told, headers={"X-Forwarded-For": client}) as answer,
    ):
        assert answer.status == 202, await answer.text()


async def believed(running, client, region="yto-01"):
    """What *running* believes of *client*'s path to *region*."""
    _, told = await running.get("/v1/route?explain=1", **{"X-Forwarded-For": client})
    return next(each for each in told["explain"]["ranked"] if each["region"] == region)


async def knows(running, client):
    """Wait until *running* has heard what *client* measured; what that is."""
    async with asyncio.timeout(10):
        while (found := (await believed(running, client))["measured"]) is None:
            await asyncio.sleep(0.05)
    return found


async def test_what_a_router_knew_survives_its_death_and_is_known_to_the_others(config, located, valkey):
    options = (*located, "--redis", valkey.url)
    async with router(config, *options) as first:
        await first.is_up(*REGIONS)
        await report(first.url, address(1), yto_01=41.0)
        async with router(config, *options) as second:
            await second.is_up(*REGIONS)
            assert (await knows(second, address(1)))["rtt_ms"] == 41.0
        first.process.kill()
        await first.process.wait()
    async with router(config, *options) as third:
        await third.is_up(*REGIONS)
        found = await knows(third, address(1))
    assert (found["rtt_ms"], found["source"]) == (41.0, "reported")
    assert found["age_s"] > 0.0


async def test_without_valkey_a_router_goes_on_with_what_it_knows_and_learns_more(config, located, valkey):
    async with router(config, *located, "--redis", valkey.url) as running:
        await running.is_up(*REGIONS)
        await report(running.url, address(1), yto_01=41.0)
        await knows(running, address(1))
        valkey.kill()
        await report(running.url, address(2), yto_01=43.0)
        assert (await knows(running, address(1)))["rtt_ms"] == 41.0
        assert (await knows(running, address(2)))["rtt_ms"] == 43.0
        valkey.start()


@pytest.mark.parametrize("lie", [4.5, 400.0], ids=["near", "far"])
async def test_liars_among_a_provider_s_networks_do_not_move_what_is_believed_of_the_others(config, located, lie):
    async with router(config, *located) as running:
        await running.is_up(*REGIONS)
        for number in range(HONEST):
            rtt = 9.0 + number % 7
            await report(running.url, address(number), yto_01=rtt, yul_01=rtt + 9.0)
        await settled(running)
        honest = await believed(running, address(200))
        for number in range(100, 100 + LIARS):
            await report(running.url, address(number), yto_01=lie, yul_01=lie + 9.0)
        await settled(running)
        after = await believed(running, address(200))
    assert after["rtt_ms"] == pytest.approx(honest["rtt_ms"], rel=0.1)
    assert honest["rtt_ms"] != honest["law_ms"]  # the pool was heard


async def settled(running):
    """Wait until what is believed of a stranger does not change any more."""
    before = None
    while before != (before := (await believed(running, address(250)))["rtt_ms"]):
        await asyncio.sleep(1.0)
