"""What every shelf promises, whichever it is: the fake is held to what the real one does."""

import asyncio
from contextlib import aclosing

import pytest

from autorouter.core.latency.sample import Evidence, Sample, Track
from autorouter.core.names import Network, RegionName
from autorouter.core.units import Instant, Millis
from autorouter.runtime.clock import now
from autorouter.store.memory_shelf import MemoryShelf
from autorouter.store.redis_shelf import RedisShelf
from tests.scenes import MONTREAL, TORONTO

HERE, THERE = Network("203.0.113.0/24"), Network("2001:db8:7::/48")
YTO, YUL = RegionName("yto-01"), RegionName("yul-01")


def sample(rtt=12.5, network=HERE, region=YTO, age=3.0):
    return Sample(network, region, Millis(rtt), 4, Instant(now() - age), "served")


def evidence(*rtts, region=YTO, age=86_400.0 * 9):
    return Evidence({region: Track(tuple(map(Millis, rtts)), 5, Instant(now() - age), "probe")})


@pytest.fixture(params=["memory", "redis"])
async def shelf(request):
    if request.param == "memory":
        opened = MemoryShelf()
    else:
        valkey = request.getfixturevalue("valkey")
        valkey.flush()
        opened = RedisShelf(valkey.url, now, lambda: None, {YTO: TORONTO, YUL: MONTREAL}.get)
    yield opened
    await opened.close()


async def first(shelf, count):
    heard = []
    async with asyncio.timeout(10), aclosing(shelf.listen()) as news:
        async for each in news:
            heard.append(each)
            if len(heard) == count:
                return heard
    return heard


async def recalled(shelf):
    async with aclosing(shelf.recall()) as kept:
        return {network: each async for network, each in kept}


def same(one, other):
    return (one.network, one.region, one.rtt, one.n, one.source) == (
        other.network, other.region, other.rtt, other.n, other.source
    ) and abs(one.at - other.at) < 1.0  # fmt: skip


async def test_a_listener_hears_the_recent_past_and_what_comes_in_order(shelf):
    told = [sample(12.5), sample(40.0, THERE, YUL)]
    await shelf.tell(told)
    later = sample(13.5)

    async def tell_later():
        await asyncio.sleep(0.1)
        await shelf.tell([later])

    async with asyncio.TaskGroup() as group:
        group.create_task(tell_later())
        heard = await first(shelf, 3)
    assert all(map(same, heard, [*told, later]))


async def test_what_is_kept_is_recalled_with_its_age(shelf):
    kept = {HERE: evidence(12.0, 13.0), THERE: evidence(80.0, region=YUL)}
    await shelf.keep(kept)
    found = await recalled(shelf)
    assert found.keys() == kept.keys()
    assert found[HERE].tracks[YTO].recent == (12.0, 13.0)
    assert found[HERE].tracks[YTO].at == pytest.approx(kept[HERE].tracks[YTO].at, abs=1.0)
    assert await shelf.kept() == 2


async def test_newer_evidence_takes_the_place_of_older_and_what_is_gone_is_gone(shelf):
    await shelf.keep({HERE: evidence(12.0), THERE: evidence(80.0)})
    await shelf.keep({HERE: evidence(12.0, 30.0)}, gone=[THERE])
    found = await recalled(shelf)
    assert list(found) == [HERE]
    assert found[HERE].tracks[YTO].recent == (12.0, 30.0)


async def test_nothing_to_keep_is_nothing(shelf):
    await shelf.tell([])
    await shelf.keep({})
    assert await shelf.kept() == 0
