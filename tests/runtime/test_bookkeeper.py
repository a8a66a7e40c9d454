"""Routers that show each other what they have promised, whatever gets lost."""

import pytest

from autorouter.core.assigned import ANY, Assigned
from autorouter.core.errors import StoreError
from autorouter.core.names import RouterName
from autorouter.core.units import Instant
from autorouter.runtime.bookkeeper import ALIVE, Bookkeeper
from autorouter.store.memory_exchange import MemoryExchange
from tests.fakes import FakeWitness

HERE = ("https://yto", ANY)


class Site:
    """Routers that share a board and a clock."""

    def __init__(self, *names):
        self.now = Instant(100.0)
        self.board = {}
        self.books = {name: Assigned(self.now) for name in names}
        self.keepers = {name: self.keeper(name) for name in names}

    def keeper(self, name):
        exchange = MemoryExchange(self.board, RouterName(name), lambda: self.now)
        return Bookkeeper(self.books[name], exchange, lambda: self.now, FakeWitness())

    async def turn(self, *names, seconds=1.0):
        self.now = Instant(self.now + seconds)
        for name in names or self.keepers:
            await self.keepers[name].turn()
        for each in self.books.values():
            each.turn(self.now)

    def live(self):
        return {name: each.live(HERE) for name, each in self.books.items()}

    def answer(self, name, weight=1.0, holds=60):
        self.books[name].enter(HERE, weight, Instant(self.now + holds))


async def test_every_router_counts_what_all_have_promised():
    site = Site("a", "b", "c")
    for name, weight in (("a", 1), ("b", 2), ("c", 4)):
        site.answer(name, weight)
    await site.turn()
    await site.turn()
    assert site.live() == {"a": 7, "b": 7, "c": 7}


async def test_what_a_router_promised_outlives_it_and_it_is_not_taken_to_promise_on():
    site = Site("a", "b")
    site.answer("a", 5)
    site.answer("b", 5)
    await site.turn()
    await site.turn()
    await site.turn("b", seconds=ALIVE + 1)
    assert site.live()["b"] == 10
    site.answer("b")
    assert site.live()["b"] == 11
    await site.turn("b", seconds=65)
    assert site.live()["b"] < 2


async def test_a_lost_board_is_mended_by_the_next_turn():
    site = Site("a", "b")
    site.answer("a", 5)
    await site.turn()
    site.board.clear()
    await site.turn("b")
    assert site.live()["b"] == 5
    await site.turn()
    assert site.live() == {"a": 5, "b": 5}


class Broken:
    """An exchange that fails, and then stops the loop."""

    def __init__(self, *faults):
        self.faults = list(faults)

    async def swap(self, book):
        if not self.faults:
            raise KeyboardInterrupt
        if (fault := self.faults.pop(0)) is not None:
            raise fault
        return {}

    async def close(self):
        pass


async def test_faults_and_defects_are_told_and_cost_a_turn_each(monkeypatch):
    monkeypatch.setattr("autorouter.runtime.bookkeeper.EVERY", 0.0)
    witness = FakeWitness()
    broken = Broken(StoreError("gone"), None, ValueError("oops"))
    keeper = Bookkeeper(Assigned(Instant(0.0)), broken, lambda: Instant(0.0), witness)
    with pytest.raises(KeyboardInterrupt):
        await keeper.run()
    assert witness.told == [("exchange", "gone"), ("exchange", ""), ("books", "oops")]
