"""What only a real one can do: hold nonsense, and not be there."""

from dataclasses import replace

import pytest

from autorouter.core.errors import StoreError
from autorouter.runtime.clock import now
from autorouter.store import redis_shelf as module
from autorouter.store.redis_shelf import NETWORKS, STREAM, RedisShelf
from tests.contracts.test_shelf import HERE, YTO, YUL, evidence, first, recalled, sample
from tests.scenes import LONDON, TORONTO

PLACES = {YTO: TORONTO}
NOWHERE = "unix:///nowhere/valkey.sock"


@pytest.fixture
async def shelf(valkey):
    valkey.flush()
    refused = []
    opened = RedisShelf(valkey.url, now, lambda: refused.append(1), PLACES.get)
    opened.refused = refused
    yield opened
    await opened.close()


async def test_nonsense_in_the_stream_is_skipped_and_counted(shelf, valkey):
    with valkey.client() as client:
        client.xadd(STREAM, {"s": b"\xff\xfe"})
        client.xadd(STREAM, {"other": b"{}"})
        client.xadd(STREAM, {"s": b'{"network":"203.0.113.0/24","region":"x","rtt_ms":-1,"n":1,"source":"probe"}'})
    await shelf.tell([sample()])
    assert len(await first(shelf, 1)) == 1
    assert len(shelf.refused) == 3


async def test_nonsense_in_the_hash_is_skipped_and_counted(shelf, valkey):
    await shelf.keep({HERE: evidence(12.0)})
    with valkey.client() as client:
        client.hset(NETWORKS, mapping={"203.0.114.0/24": b"no", "203.0.115.0/24": b'{"tracks":[{"region":"x"}]}'})
    assert list(await recalled(shelf)) == [HERE]
    assert len(shelf.refused) == 2


ACTS = {
    "tell": lambda shelf: shelf.tell([sample()]),
    "keep": lambda shelf: shelf.keep({HERE: evidence(1.0)}),
    "kept": lambda shelf: shelf.kept(),
    "recall": recalled,
    "listen": lambda shelf: first(shelf, 1),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
async def test_a_redis_that_is_not_there_is_a_store_error(act):
    shelf = RedisShelf(NOWHERE, now, lambda: None, PLACES.get)
    with pytest.raises(StoreError):
        await act(shelf)
    await shelf.close()


async def test_nothing_finer_than_a_network_is_written(shelf, valkey):
    await shelf.tell([sample()])
    await shelf.keep({HERE: evidence(12.0)})
    with valkey.client() as client:
        everything = repr(client.xrange(STREAM)) + repr(client.hgetall(NETWORKS))
    assert "203.0.113.0/24" in everything
    assert "203.0.113.77" not in everything


async def test_a_listener_that_comes_back_hears_on_from_where_it_left(shelf):
    await shelf.tell([sample(12.5)])
    assert [each.rtt for each in await first(shelf, 1)] == [12.5]
    await shelf.tell([sample(40.0)])
    assert [each.rtt for each in await first(shelf, 1)] == [40.0]


async def test_what_is_told_while_all_is_recalled_is_heard_however_long_that_takes(shelf, monkeypatch):
    assert await recalled(shelf) == {}
    monkeypatch.setattr(module, "RECENT_MS", -1_000_000)  # as if it had taken a quarter of an hour
    await shelf.tell([sample(12.5)])
    assert [each.rtt for each in await first(shelf, 1)] == [12.5]


async def test_a_redis_whose_clock_went_back_is_heard_all_the_same(shelf):
    shelf._heard = b"99999999999999-0"
    await shelf.tell([sample(12.5)])
    assert [each.rtt for each in await first(shelf, 1)] == [12.5]


async def test_what_was_measured_to_a_region_before_it_moved_is_not_recalled(shelf):
    await shelf.keep({HERE: evidence(12.0)})
    shelf._place_of = {YTO: replace(TORONTO, latitude=TORONTO.latitude + 0.01)}.get
    assert list(await recalled(shelf)) == [HERE]
    shelf._place_of = {YTO: LONDON}.get
    assert all(not each.tracks for each in (await recalled(shelf)).values())


async def test_a_region_whose_place_nobody_wrote_down_is_recalled(shelf):
    await shelf.keep({HERE: evidence(12.0, region=YUL)})
    shelf._place_of = {YUL: LONDON}.get
    assert (await recalled(shelf))[HERE].tracks[YUL].rtt == 12.0
