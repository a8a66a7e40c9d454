"""Redis at its worst, while routers show each other their books."""

import pytest

from autorouter.core.errors import StoreError
from autorouter.core.names import RouterName
from autorouter.runtime.clock import now
from autorouter.store.redis_exchange import BOOKS, RedisExchange
from tests.contracts.test_exchange import book, total


@pytest.fixture
async def routers(own_valkey, refused):
    names = map(RouterName, ("r-a", "r-b"))
    opened = [RedisExchange(own_valkey.url, name, now, lambda: refused.append(1)) for name in names]
    yield opened
    for each in opened:
        await each.close()


async def test_an_emptied_redis_knows_all_again_after_one_turn(own_valkey, routers):
    a, b = routers
    await a.swap(book(7))
    own_valkey.flush()
    assert await b.swap(book(5)) == {}
    assert total((await a.swap(book(7)))["r-b"]) == 5
    assert total((await b.swap(book(5)))["r-a"]) == 7


async def test_a_redis_that_is_gone_is_an_error_and_comes_back(own_valkey, routers):
    a, b = routers
    await a.swap(book(7))
    own_valkey.kill()
    with pytest.raises(StoreError):
        await b.swap(book(5))
    own_valkey.start()
    with pytest.raises(StoreError):
        await a.swap(book(7))  # over the connection that is dead
    await a.swap(book(7))
    assert total((await b.swap(book(5)))["r-a"]) == 7


async def test_a_paused_redis_costs_a_fifth_of_a_second_not_more(own_valkey, routers):
    a, _ = routers
    await a.swap(book(7))
    own_valkey.pause()
    began = now()
    with pytest.raises(StoreError):
        await a.swap(book(7))
    assert now() - began < 1.0
    own_valkey.resume()


@pytest.mark.parametrize(
    "poison",
    [
        b"not json",
        b"\xff",
        b"[" * 50_000,
        b'{"at":1e9,"places":[{"endpoint":"x","lapses":{"5":NaN}}]}',
        b'{"at":1e9,"places":[{"endpoint":"x","lapses":{"5":-1}}]}',
        b'{"at":1e9,"places":[{"endpoint":"x","lapses":{"5":1e300}}]}',
        b'{"at":1e9,"places":[{"endpoint":"x","lapses":{"99999999":1}}]}',
        b'{"places":[]}',
    ],
)
async def test_what_is_no_book_is_skipped_counted_and_thrown_away(own_valkey, routers, refused, poison):
    a, b = routers
    with own_valkey.client() as client:
        client.hset(BOOKS, "r-x", poison)
    await a.swap(book(7))
    assert set(await b.swap(book(5))) == {"r-a"}
    assert len(refused) == 1
    with own_valkey.client() as client:
        assert set(client.hkeys(BOOKS)) == {b"r-a", b"r-b"}


@pytest.mark.parametrize("at", [0.0, 1e12])
async def test_a_book_of_another_time_is_none(own_valkey, routers, at):
    with own_valkey.client() as client:
        client.hset(BOOKS, "r-x", f'{{"at":{at},"places":[]}}')
    assert await routers[0].swap(book(1)) == {}


async def test_a_key_of_the_wrong_kind_is_an_error_not_a_crash(own_valkey, routers):
    with own_valkey.client() as client:
        client.set(BOOKS, "mine now")
    with pytest.raises(StoreError, match="WRONGTYPE"):
        await routers[0].swap(book(1))
