"""Holds come into force at once, go on without their board, and what is quarantined teaches nothing."""

import asyncio

import pytest

from autorouter.core.catalog import Catalog
from autorouter.core.errors import PartlyError, StoreError
from autorouter.core.fleet import FleetSnapshot
from autorouter.core.holds import Hold, HoldKind
from autorouter.core.units import Unix
from autorouter.runtime.holding import Holding
from autorouter.runtime.snapshots import Snapshots
from autorouter.store.memory_holds import MemoryBoard
from tests.scenes import MONTREAL, NOW, node, region


class Board(MemoryBoard):
    fault = None
    writes = 99
    """So many are done before it fails."""

    async def write(self, entry):
        self.writes -= 1
        if self.writes < 0:
            raise StoreError("gone")
        return await super().write(entry)

    async def read(self):
        if self.fault:
            raise self.fault
        return await super().read()


class Witness:
    def __init__(self):
        self.told = []

    def held(self, before, after):
        self.told.append(([hold.target for hold in before], [hold.target for hold in after]))

    def board_changed(self, fault=""):
        self.told.append(fault or "up")

    def failed(self, what, exc):
        self.told.append((what, str(exc)))


class Scene:
    def __init__(self):
        views = (region("yto-01", nodes=[node("a"), node("b")]), region("yul-01", MONTREAL))
        self.snapshots = Snapshots(Catalog(tuple(v.region for v in views)), FleetSnapshot(1, NOW, views))
        self.kept, self.now, self.published = {}, 0.0, 0
        self.board = Board(self.kept)
        self.witness = Witness()
        self.holding = Holding(self.board, self.snapshots, self.publish, lambda: Unix(self.now), self.witness)

    def publish(self):
        self.published += 1

    @property
    def held(self):
        return [hold.target for hold in self.snapshots.holds]


@pytest.fixture
def scene():
    return Scene()


def hold(target="yto-01", kind=HoldKind.DRAIN, by="alice", until=None):
    return Hold(target, kind, by, "x", Unix(0.0), until)


async def test_a_hold_is_in_force_and_published_when_it_is_acknowledged(scene):
    await scene.holding.hold(hold())
    assert (scene.held, scene.published) == (["yto-01"], 1)
    assert scene.witness.told == [([], ["yto-01"])]


async def test_nothing_is_published_while_nothing_changes(scene):
    await scene.holding.hold(hold())
    await scene.holding.turn()
    await scene.holding.turn()
    assert scene.published == 1


async def test_it_ends_on_time_with_or_without_a_board(scene):
    await scene.holding.hold(hold(until=Unix(10.0)))
    scene.board.fault = StoreError("gone")
    scene.now = 9.9
    await scene.holding.turn()
    assert scene.held == ["yto-01"]
    scene.now = 10.0
    await scene.holding.turn()
    assert (scene.held, scene.published) == ([], 2)
    assert "gone" in scene.witness.told


async def test_without_a_board_nothing_is_set_and_nothing_taken_back(scene):
    await scene.holding.hold(hold())
    scene.board.fault = StoreError("gone")
    with pytest.raises(StoreError):
        await scene.holding.hold(hold("yul-01"))
    with pytest.raises(StoreError):
        await scene.holding.lift(lambda _: True)
    assert scene.held == ["yto-01"]


async def test_what_another_router_was_told_a_moment_ago_can_be_taken_back_here(scene):
    other = Scene()
    other.board = Board(scene.kept)
    other.holding = Holding(other.board, other.snapshots, other.publish, lambda: Unix(0.0), other.witness)
    await other.holding.hold(hold())
    assert [each.by for each in await scene.holding.lift(lambda _: True)] == ["alice"]
    await other.holding.turn()
    assert other.held == []


async def test_a_defect_costs_one_turn(scene):
    await scene.holding.hold(hold())
    scene.board.fault = RuntimeError("a defect")
    running = asyncio.ensure_future(scene.holding.run())
    while ("holds", "a defect") not in scene.witness.told:
        await asyncio.sleep(0.01)
    scene.board.fault = None
    scene.kept.clear()
    async with asyncio.timeout(10):
        while "up" not in scene.witness.told:
            await asyncio.sleep(0.01)
    running.cancel()
    assert (scene.held, len(scene.kept)) == (["yto-01"], 1)


@pytest.mark.parametrize(
    ("holds", "believed"),
    [
        ([], {"a", "b", "yul-01"}),
        ([hold()], {"a", "b", "yul-01"}),
        ([hold(kind=HoldKind.QUARANTINE)], {"yul-01"}),
        ([hold("a", HoldKind.QUARANTINE), hold("b")], {"b", "yul-01"}),
    ],
)
async def test_what_is_in_quarantine_is_not_believed(scene, holds, believed):
    for each in holds:
        await scene.holding.hold(each)
    everywhere = [(about, each) for about in scene.snapshots.catalog.regions for each in about.nodes]
    assert {each.name for about, each in everywhere if scene.holding.believes(about, each)} == believed


async def test_of_several_that_are_taken_back_those_are_told_that_were_before_the_board_failed(scene):
    for each in (hold(by="alice"), hold(by="bob")):
        await scene.holding.hold(each)
    scene.board.writes = 1
    with pytest.raises(PartlyError) as told:
        await scene.holding.lift(lambda _: True)
    assert told.value.outcome == "changed was drained by alice: x (taken back); of the rest nothing was changed"
    assert [each.by for each in scene.snapshots.holds] == ["bob"]


async def test_what_is_held_is_known_once_the_board_was_read_and_stays_so(scene):
    scene.board.fault = StoreError("gone")
    await scene.holding.turn()
    assert not scene.holding.heard
    scene.board.fault = None
    await scene.holding.turn()
    scene.board.fault = StoreError("gone")
    await scene.holding.turn()
    assert scene.holding.heard
