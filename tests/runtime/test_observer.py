"""The write path over fakes: who is looked at, what is published, and what one defect may not do."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from autorouter.core.catalog import Catalog
from autorouter.core.errors import StoreError
from autorouter.core.fleet import Health, Node, Stage
from autorouter.core.names import NodeName, RegionName, RouterName
from autorouter.core.observation import Observation, Outcome, Report
from autorouter.core.units import Seconds
from autorouter.runtime.clock import now
from autorouter.runtime.observer import GATHER, Observer, first_fleet
from autorouter.runtime.snapshots import Snapshots
from autorouter.store.memory import MemoryStore
from tests.fakes import US, FakeProbe, FakeWitness
from tests.scenes import node, region


def catalog(*names, stage=Stage.ACTIVE):
    return Catalog(
        tuple(region(name, nodes=[node(name)], stage=stage).region for name in names), probe_every=Seconds(0.5)
    )


class Scene:
    def __init__(self, store=None, drawn=None):
        self.probe, self.witness, self.store = FakeProbe(), FakeWitness(), store or MemoryStore()
        drawn = drawn or catalog("yto", "yul")
        self.snapshots = Snapshots(drawn, first_fleet(drawn, now()))
        self.observer = Observer(US, self.snapshots, self.probe, self.store, now, self.witness)

    def health(self, name):
        return next(view.health for view in self.snapshots.fleet.regions if view.region.name == name)

    async def until(self, holds):
        async with asyncio.timeout(10):
            while not holds():
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def running(self):
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self.observer.run())
            yield self
            task.cancel()
        await self.observer.close()


@pytest.fixture
def stage():
    return Scene()


async def test_every_node_is_looked_at_and_the_fleet_published(stage):
    assert set(stage.observer.unknown()) == {"yto", "yul"}
    async with stage.running():
        await stage.until(lambda: stage.health("yto") is stage.health("yul") is Health.UP)
    assert stage.observer.unknown() == ()
    assert all(look.closed for look in stage.probe.opened)


async def test_the_planned_are_never_looked_at():
    stage = Scene(drawn=catalog("sfo", stage=Stage.PLANNED))
    async with stage.running():
        await asyncio.sleep(0.4)
    assert stage.probe.asked == []
    assert stage.observer.unknown() == ()


async def test_what_left_the_catalog_is_not_looked_at_again_and_what_came_is(stage):
    async with stage.running():
        await stage.until(lambda: stage.health("yto") is Health.UP)
        stage.snapshots.catalog = catalog("yto", "yvr")
        stage.observer.republish()
        await stage.until(lambda: stage.health("yvr") is Health.UP)
        assert stage.health("yto") is Health.UP
        assert [look.closed for look in stage.probe.opened if look.node.name == "yul"] == [True]


async def test_what_others_see_counts_and_what_they_say_of_strangers_does_not(stage):
    stage.probe.says = {"yto": Outcome.REFUSED}
    them = RouterName("them")
    async with stage.running():
        await stage.until(lambda: stage.health("yto") is Health.DOWN)
        for name in ("stranger", "yto"):
            report = Report("boot", 1, "0.1")
            await stage.store.append(
                Observation(them, RegionName("yto"), NodeName(name), now(), Outcome.READY, report=report)
            )
        await stage.until(lambda: stage.health("yto") is Health.UP)


async def test_a_look_that_breaks_its_promise_ends_neither_itself_nor_the_others(stage):
    stage.probe.says = {"yto": RuntimeError("broken")}
    async with stage.running():
        await stage.until(lambda: stage.health("yul") is Health.UP)
        await stage.until(lambda: stage.probe.asked.count("yto") >= 2)
        stage.probe.says = {}
        await stage.until(lambda: stage.health("yto") is Health.UP)
    assert ("look", "broken") in stage.witness.told


class BrokenStore(MemoryStore):
    error: Exception = StoreError("gone")

    async def append(self, observation):
        raise self.error

    async def follow(self):
        raise self.error
        yield


@pytest.mark.parametrize("error", [StoreError("gone"), RuntimeError("defect")])
async def test_a_store_that_fails_costs_the_router_nothing_but_company(error):
    store = BrokenStore()
    store.error = error
    stage = Scene(store)
    async with stage.running():
        await stage.until(lambda: stage.health("yto") is stage.health("yul") is Health.UP)
        await stage.until(lambda: len(stage.witness.told) > 5)
    assert {("tell", str(error)), ("hear", str(error))} <= set(stage.witness.told)


async def test_a_store_that_hangs_delays_nothing_and_is_owed_a_bounded_number():
    class Hanging(MemoryStore):
        async def append(self, observation):
            await asyncio.sleep(3600)

    stage = Scene(Hanging())
    stage.observer._untold = asyncio.Queue(2)
    async with stage.running():
        await stage.until(lambda: len(stage.probe.asked) > 8)
        assert stage.health("yto") is Health.UP
        assert stage.observer._untold.qsize() <= 2


async def test_a_node_that_moved_is_unknown_until_it_was_looked_at_there(stage):
    async with stage.running():
        await stage.until(lambda: stage.health("yto") is Health.UP)
        stage.probe.says = {"node": Outcome.REFUSED, "yto": Outcome.REFUSED}
        moved = replace(
            catalog("yto", "yul").regions[0], country="US", nodes=(Node(NodeName("yto"), "http://elsewhere"),)
        )
        stage.snapshots.catalog = replace(stage.snapshots.catalog, regions=(moved,))
        stage.observer.republish()
        assert stage.health("yto") is Health.UNKNOWN
        await stage.until(lambda: stage.health("yto") is Health.DOWN)


async def test_what_another_router_saw_of_a_node_elsewhere_is_not_about_this_one(stage):
    stage.probe.says = {"yto": Outcome.REFUSED}
    them = RouterName("them")
    async with stage.running():
        await stage.until(lambda: stage.health("yto") is Health.DOWN)
        report = Report("boot", 1, "0.1")
        elsewhere = Observation(them, RegionName("yul"), NodeName("yto"), now(), Outcome.READY, report=report)
        await stage.store.append(elsewhere)
        await asyncio.sleep(0.2)
        assert stage.health("yto") is Health.DOWN


async def test_a_long_past_that_is_heard_at_once_is_one_snapshot(stage):
    them = RouterName("them")
    for i in range(900):
        report = Report("boot", i, "0.1")
        told = Observation(them, RegionName("yto"), NodeName("yto"), now(), Outcome.READY, report=report)
        await stage.store.append(told)
    async with stage.running():
        await stage.until(lambda: stage.health("yto") is Health.UP)
        assert stage.snapshots.fleet.revision < 20


async def test_however_many_nodes_are_due_the_fleet_is_published_at_most_once_a_turn():
    stage = Scene(drawn=catalog(*(f"n{i}" for i in range(200))))
    async with stage.running():
        await stage.until(lambda: stage.observer.unknown() == ())
        began, before, asked = now(), stage.snapshots.fleet.revision, len(stage.probe.asked)
        await stage.until(lambda: len(stage.probe.asked) > asked + 400)
        assert stage.snapshots.fleet.revision - before <= (now() - began) / GATHER + 1


async def test_what_is_found_of_a_node_after_it_moved_is_not_about_where_it_is_now(stage):
    slow = asyncio.Event()
    async with stage.running():
        await stage.until(lambda: stage.health("yto") is Health.UP)
        stage.probe.waits = slow
        asked = stage.probe.asked.count("yto")
        await stage.until(lambda: stage.probe.asked.count("yto") > asked)
        moved = replace(catalog("yto").regions[0], country="US")
        stage.snapshots.catalog = replace(stage.snapshots.catalog, regions=(moved,))
        stage.observer.republish()
        since = len(stage.witness.fleets)
        stage.probe.says, stage.probe.waits = {"yto": Outcome.REFUSED}, None
        slow.set()
        await stage.until(lambda: stage.health("yto") is Health.DOWN)
        assert {fleet.regions[0].health for fleet in stage.witness.fleets[since:]} <= {Health.UNKNOWN, Health.DOWN}
