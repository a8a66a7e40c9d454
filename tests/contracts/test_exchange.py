"""What every exchange of books promises, whichever it is: the fake is held to what the real one does."""

import pytest

from autorouter.core.assigned import ANY, CELL, Book
from autorouter.core.names import RouterName
from autorouter.runtime.clock import now
from autorouter.store.memory_exchange import MemoryExchange
from autorouter.store.redis_exchange import RedisExchange

HERE = ("https://yto.example", ANY)


@pytest.fixture(params=["memory", "redis"])
async def routers(request):
    """Two routers."""
    names = [RouterName("r-a"), RouterName("r-b")]
    if request.param == "memory":
        board = {}
        opened = [MemoryExchange(board, name, now) for name in names]
    else:
        valkey = request.getfixturevalue("valkey")
        valkey.flush()
        opened = [RedisExchange(valkey.url, name, now, lambda: None) for name in names]
    yield opened
    for each in opened:
        await each.close()


def book(weight, *, lapses_in=60):
    made = Book()
    if weight:
        made.enter(HERE, weight, int(now() // CELL) + lapses_in)
    return made


def total(shown):
    return shown.book.totals(int(now() // CELL)).get(HERE, 0.0)


async def test_nobody_is_shown_at_first(routers):
    assert await routers[0].swap(book(1)) == {}


async def test_each_is_shown_what_the_others_promised(routers):
    a, b = routers
    await a.swap(book(7))
    heard = await b.swap(book(5))
    assert {name: total(shown) for name, shown in heard.items()} == {"r-a": 7}
    assert {name: total(shown) for name, shown in (await a.swap(book(7))).items()} == {"r-b": 5}


async def test_a_book_replaces_the_one_before(routers):
    a, b = routers
    for weight in (7, 3, 0):
        await a.swap(book(weight))
    assert total((await b.swap(book(0)))["r-a"]) == 0


async def test_it_is_told_when_a_book_was_shown_and_what_lapses_when(routers):
    a, b = routers
    before = now()
    await a.swap(book(7, lapses_in=30))
    shown = (await b.swap(book(0)))["r-a"]
    assert before - 0.5 < shown.at <= now() + 0.1
    present = int(now() // CELL)
    assert shown.book.totals(present + 28) == {HERE: 7}
    assert shown.book.totals(present + 32) == {HERE: 0}


async def test_a_model_is_kept_apart_from_none(routers):
    a, b = routers
    made = book(2)
    made.enter((HERE[0], "kokoro"), 3, int(now() // CELL) + 60)
    await a.swap(made)
    assert (await b.swap(book(0)))["r-a"].book.totals(int(now() // CELL)) == {HERE: 2, (HERE[0], "kokoro"): 3}
