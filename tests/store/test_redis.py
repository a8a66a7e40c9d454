"""Redis at its worst: gone, paused, emptied, poisoned."""

import asyncio
from contextlib import aclosing, suppress

import pytest
from redis.exceptions import RedisError

from autorouter.core.errors import StoreError
from autorouter.runtime.clock import now
from autorouter.store.redis import PATIENCE, STREAM, RedisStore, client, fault_in
from tests.contracts.test_store import first, seen


@pytest.fixture
async def store(own_valkey, refused):
    opened = RedisStore(own_valkey.url, now, lambda: refused.append(1))
    yield opened
    await opened.close()


async def test_a_paused_redis_costs_a_teller_a_fifth_of_a_second_not_more(own_valkey, store):
    await store.append(seen("a"))
    own_valkey.pause()
    began = now()
    with pytest.raises(StoreError):
        await store.append(seen("b"))
    assert now() - began < 1.0
    own_valkey.resume()
    async with asyncio.timeout(5):
        while True:
            try:
                await store.append(seen("c"))
            except StoreError:
                continue
            break


async def test_a_dead_redis_is_an_error_to_both_sides_and_no_more(own_valkey, store):
    own_valkey.kill()
    with pytest.raises(StoreError):
        await store.append(seen("a"))
    with pytest.raises(StoreError):
        await first(store, 1)
    own_valkey.start()
    await store.append(seen("b"))
    assert [each.node for each in await first(store, 1)] == ["b"]


async def test_a_follower_outlives_an_emptied_redis(own_valkey, store):
    await store.append(seen("a"))
    async with asyncio.timeout(10), aclosing(store.follow()) as news:
        assert (await anext(news)).node == "a"
        own_valkey.flush()
        await store.append(seen("b"))
        assert (await anext(news)).node == "b"


@pytest.mark.parametrize(
    "poison",
    [
        {"o": "not json"},
        {"o": b"\xff\xfe"},
        {"x": "another field"},
        {"o": '{"router":"r","region":"x","node":"../../etc","outcome":"ready"}'},
        {"o": '{"router":"r","region":"x","node":"n","outcome":"splendid"}'},
        {"o": '{"router":"r","region":"x","node":"n","outcome":"ready","rtt_ms":NaN}'},
        {"o": '{"router":"r","region":"x","node":"n","outcome":"ready","reason":"' + "x" * 100_000 + '"}'},
        {"o": "[" * 50_000},
    ],
)
async def test_what_is_no_observation_is_skipped_and_counted(own_valkey, store, refused, poison):
    with own_valkey.client() as client:
        client.xadd(STREAM, poison)
    await store.append(seen("a"))
    assert [each.node for each in await first(store, 1)] == ["a"]
    assert len(refused) == 1


async def test_a_key_of_the_wrong_kind_is_an_error_not_a_crash(own_valkey, store):
    with own_valkey.client() as client:
        client.set(STREAM, "mine now")
    with pytest.raises(StoreError, match="WRONGTYPE"):
        await store.append(seen("a"))
    with pytest.raises(StoreError):
        await first(store, 1)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("redis://h:port", "not a URL"),
        ("gopher://x", "expected redis://"),
        ("redis://", "expected redis://"),
        ("unix://", "found no path"),
        ("redis://localhost/notadb", "nothing behind the host"),
        ("redis://localhost?foo=bar", "nothing behind the host"),
        ("redis://10.255.255.1", "there is no password"),
        ("rediss://redis.example:6380/0", "there is no password"),
    ],
)
def test_a_url_that_cannot_be_meant_is_told(url, says):
    assert says in fault_in(url)


@pytest.mark.parametrize(
    "url",
    [
        "redis://localhost",
        "redis://127.0.0.1:6379/2",
        "unix:///run/x.sock",
        "rediss://me:secret@redis.example",
        "redis://[::1]",
    ],
)
def test_a_url_that_can_be_meant_is_taken(url):
    assert fault_in(url) == ""


async def test_a_full_redis_is_an_error_that_says_so(own_valkey, store):
    with own_valkey.client() as client:
        client.config_set("maxmemory", "1")
    with pytest.raises(StoreError, match="OutOfMemory"):
        await store.append(seen("a"))


async def test_whoever_is_told_to_stop_while_it_talks_to_redis_stops(own_valkey):
    """At whichever turn of the loop that is: the window is one turn wide, so all of them are tried, over and over."""
    opened = client(own_valkey.url, PATIENCE)

    async def talk():
        while True:
            with suppress(RedisError):
                await opened.ping()

    for turns in range(400):
        talking = asyncio.ensure_future(talk())
        for _ in range(turns % 40):
            await asyncio.sleep(0)
        talking.cancel()
        done, _ = await asyncio.wait([talking], timeout=1.0)
        talking.cancel()
        assert done, f"went on after {turns % 40} turns"
    assert await opened.ping()
    await opened.aclose()
