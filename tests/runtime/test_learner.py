"""What is heard of clients is judged, learned, shared and kept; and none of it waits for the shelf."""

import asyncio
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import pytest

from autorouter.core.catalog import Catalog
from autorouter.core.errors import StoreError
from autorouter.core.fleet import FleetSnapshot
from autorouter.core.holds import Hold, HoldKind
from autorouter.core.latency.atlas import Atlas
from autorouter.core.latency.sample import Evidence, Sample, Track
from autorouter.core.names import Network, RegionName
from autorouter.core.query import Client
from autorouter.core.units import Instant, Millis, Unix
from autorouter.runtime import learner as module
from autorouter.runtime.clock import now
from autorouter.runtime.learner import Learner
from autorouter.runtime.snapshots import Snapshots
from autorouter.store.memory_shelf import MemoryShelf
from tests.scenes import MONTREAL, NEW_YORK, TORONTO, VANCOUVER, region

HERE, THERE = Network("203.0.113.0/24"), Network("203.0.114.0/24")
YTO, YUL, NYC = map(RegionName, ("yto-01", "yul-01", "nyc-01"))


def sample(rtt=12.5, network=HERE, source="served", name=YTO):
    return Sample(network, name, Millis(rtt), 1, now(), source)


class Told:
    def __init__(self):
        self.samples, self.shelf, self.failures = [], [], []

    def sampled(self, source, refusal):
        self.samples.append((source, refusal))

    def shelf_changed(self, fault=""):
        self.shelf.append(fault)

    def failed(self, what, exc):
        self.failures.append((what, exc))


class Flaky(MemoryShelf):
    """A shelf that can be away, and can lose everything."""

    away = mute = False

    async def listen(self):
        self._there()
        async with aclosing(super().listen()) as news:
            async for each in news:
                self._there()
                if each is not None:
                    yield each

    def hang_up(self):
        """Let every listener find out."""
        for queue in self._listeners:
            queue.put_nowait(None)

    async def recall(self):
        self._there()
        while self.mute:
            await asyncio.sleep(0.01)
        async with aclosing(super().recall()) as kept:
            async for each in kept:
                yield each

    async def tell(self, samples):
        self._there()
        await super().tell(samples)

    async def keep(self, evidence, gone=()):
        self._there()
        await super().keep(evidence, gone)

    def _there(self):
        if self.away:
            raise StoreError("away")

    def lose_everything(self):
        self._kept.clear()


class Scene:
    def __init__(self, shelf):
        views = (region("yto-01", TORONTO, rtt=Millis(3.0)), region("yul-01", MONTREAL), region("nyc-01", NEW_YORK))
        catalog = Catalog(tuple(view.region for view in views))
        self.shelf, self.told = shelf, Told()
        self.atlas = Atlas(catalog.regions)
        self.snapshots = Snapshots(catalog, FleetSnapshot(1, now(), views))
        self.learner = Learner(self.atlas, self.snapshots, shelf, self.locate, now, self.told)

    @staticmethod
    def locate(network):
        return Client(network, TORONTO, source="networks", named=True)

    @asynccontextmanager
    async def running(self):
        task = asyncio.ensure_future(self.learner.run())
        yield self
        task.cancel()
        await asyncio.wait([task])


@pytest.fixture(autouse=True)
def hasty(monkeypatch):
    monkeypatch.setattr(module, "TURN", 0.01)
    monkeypatch.setattr(module, "RETRY", 0.01)


async def until(holds):
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.01)


async def test_what_one_router_learns_another_believes():
    shelf = MemoryShelf()
    one, other = Scene(shelf), Scene(shelf)
    async with one.running(), other.running():
        one.learner.take(sample(33.0))
        await until(lambda: other.atlas.evidence(HERE).tracks)
    assert other.atlas.evidence(HERE).tracks[YTO].rtt == 33.0
    assert other.told.samples == []


async def test_a_router_that_starts_recalls_what_was_known():
    shelf = MemoryShelf()
    await shelf.keep({HERE: Evidence({YUL: Track((Millis(9.0),), 1, Instant(now() - 9e5), "served")})})
    scene = Scene(shelf)
    async with scene.running():
        await until(lambda: scene.atlas.evidence(HERE).tracks)


async def test_what_was_learned_since_is_not_overwritten_by_what_was_kept():
    shelf = MemoryShelf()
    await shelf.keep(
        {network: Evidence({YTO: Track((Millis(9.0),), 1, now(), "served")}) for network in (HERE, THERE)}
    )
    scene = Scene(shelf)
    scene.learner.take(sample(50.0))
    async with scene.running():
        await until(lambda: scene.atlas.evidence(THERE).tracks)
    assert scene.atlas.evidence(HERE).tracks[YTO].rtt == 50.0


async def test_a_restart_makes_nothing_that_was_kept_poorer():
    shelf = MemoryShelf()
    kept = {name: Track((Millis(9.0),), 1, Instant(now() - 60.0), "served") for name in (YTO, YUL)}
    await shelf.keep({HERE: Evidence(kept)})
    scene = Scene(shelf)
    scene.learner.take(sample(9.5))
    async with scene.running():
        await until(lambda: shelf._kept[HERE].tracks[YTO].rtt == 9.5)
    for known in (scene.atlas.evidence(HERE), shelf._kept[HERE]):
        assert {region: track.rtt for region, track in known.tracks.items()} == {YTO: 9.5, YUL: 9.0}


async def test_nothing_is_kept_before_all_is_recalled():
    shelf = Flaky()
    await shelf.keep({HERE: Evidence({YUL: Track((Millis(9.0),), 1, now(), "served")})})
    shelf.mute = True
    scene = Scene(shelf)
    async with scene.running():
        scene.learner.take(sample())
        await until(lambda: not scene.learner._untold)
        assert set(shelf._kept[HERE].tracks) == {YUL}
        shelf.mute = False
        await until(lambda: len(shelf._kept[HERE].tracks) > 1)


async def test_routers_that_could_not_hear_each_other_agree_afterwards():
    one, other = Flaky(), Flaky()
    other._recent, other._listeners, other._kept = one._recent, one._listeners, one._kept
    left, right = Scene(one), Scene(other)
    async with left.running(), right.running():
        left.learner.take(sample(9.0))
        await until(lambda: YTO in right.atlas.evidence(HERE).tracks)
        one.away = True
        left.learner.take(sample(10.0, name=NYC))
        right.learner.take(sample(15.0, name=YUL))
        one._recent.clear()
        one.hang_up()
        await until(lambda: YUL in other._kept[HERE].tracks)
        other._recent.clear()  # what was told meanwhile is no longer there to be heard
        one.away = False
        everything = {YTO, YUL, NYC}
        await until(lambda: all(set(each.atlas.evidence(HERE).tracks) == everything for each in (left, right)))
        await until(lambda: set(one._kept[HERE].tracks) == everything)


async def test_a_sample_that_cannot_be_is_refused_counted_and_told_to_nobody():
    scene = Scene(MemoryShelf())
    assert scene.learner.take(sample(-1.0)) == "absurd"
    assert scene.learner.take(sample(name=RegionName("xxx-01"))) == "unknown"
    assert scene.told.samples == [("served", "absurd"), ("served", "unknown")]
    assert len(scene.atlas) == 0


async def test_what_another_router_says_is_judged_too():
    shelf = MemoryShelf()
    scene = Scene(shelf)
    await shelf.tell([sample(99_999.0), sample(20.0, THERE)])
    async with scene.running():
        await until(lambda: scene.atlas.evidence(THERE).tracks)
    assert not scene.atlas.evidence(HERE).tracks


async def test_while_the_shelf_is_away_learning_goes_on_and_it_gets_what_it_missed():
    shelf = Flaky()
    shelf.away = True
    scene = Scene(shelf)
    async with scene.running():
        scene.learner.take(sample())
        await until(lambda: "away" in scene.told.shelf)
        assert scene.atlas.evidence(HERE).tracks
        shelf.away = False
        await until(lambda: shelf._kept)
    assert HERE in shelf._kept


async def test_a_shelf_that_lost_everything_gets_it_again(monkeypatch):
    monkeypatch.setattr(module, "AUDIT", 0.0)
    shelf = Flaky()
    scene = Scene(shelf)
    async with scene.running():
        scene.learner.take(sample())
        await until(lambda: shelf._kept)
        shelf.lose_everything()
        await until(lambda: shelf._kept)


async def test_what_is_forgotten_is_not_kept_either():
    shelf = MemoryShelf()
    scene = Scene(shelf)
    scene.atlas._most = 1
    async with scene.running():
        scene.learner.take(sample())
        await until(lambda: HERE in shelf._kept)
        scene.learner.take(sample(network=THERE))
        await until(lambda: THERE in shelf._kept and HERE not in shelf._kept)


async def test_only_so_many_samples_wait_to_be_told(monkeypatch):
    monkeypatch.setattr(module, "MOST_UNTOLD", 2)
    scene = Scene(MemoryShelf())
    for number in range(5):
        scene.learner.take(sample(network=Network(f"203.0.{number}.0/24")))
    assert len(scene.learner._untold) == 2


async def test_a_defect_costs_a_pause_not_the_router():
    scene = Scene(MemoryShelf())
    scene.learner.locate = None
    await scene.shelf.tell([sample()])
    async with scene.running():
        await until(lambda: scene.told.failures)
        scene.learner.locate = scene.locate
        await until(lambda: scene.atlas.evidence(HERE).tracks)


async def test_the_routers_own_round_trips_are_there_for_clients_who_are_nowhere():
    scene = Scene(MemoryShelf())
    async with scene.running():
        await until(lambda: scene.atlas.own)
    assert scene.atlas.own == {YTO: 3.0}


async def test_however_much_is_reported_what_nodes_measured_is_told_first():
    scene = Scene(MemoryShelf())
    scene.learner.take(sample(9.0))
    for number in range(10_000):
        there = Network(f"20.{number // 256}.{number % 256}.0/24")
        scene.learner.take(sample(30.0, there, "reported"))
    assert len(scene.learner._reported) == module.MOST_REPORTED
    await scene.learner._tell()
    assert scene.shelf._recent[0].source == "served"
    assert {each.source for each in scene.shelf._recent} == {"served", "reported"}


async def test_reports_that_come_too_fast_are_refused_and_counted():
    scene = Scene(MemoryShelf())
    assert scene.learner.take(sample(9.0, source="reported")) is None
    assert scene.learner.take(sample(5000.0, source="reported")) == "hasty"
    assert scene.told.samples[-1] == ("reported", "hasty")
    assert scene.learner.take(sample(5.0)) is None


async def test_what_was_kept_is_judged_and_what_is_refused_counted():
    shelf = MemoryShelf()
    good, late = (Track((Millis(9.0),), 1, Instant(at), "served") for at in (now(), 1e300))
    junk = {Network("hello"): good, Network("203.0.113.77/32"): good, Network("2001:DB8:7::/48"): good}
    await shelf.keep({network: Evidence({YTO: track}) for network, track in {**junk, HERE: late}.items()})
    scene = Scene(shelf)
    async with scene.running():
        await until(lambda: scene.atlas.evidence(HERE).tracks)
    assert [network for network, _ in scene.atlas.networks()] == [HERE]
    assert scene.atlas.evidence(HERE).tracks[YTO].at <= now()
    assert scene.told.samples == 3 * [("served", "unknown")]


async def test_what_another_router_may_not_say_is_counted():
    shelf = MemoryShelf()
    scene = Scene(shelf)
    await shelf.tell([sample(99_999.0)])
    async with scene.running():
        await until(lambda: scene.told.samples)
    assert scene.told.samples == [("served", "absurd")]


async def test_what_is_kept_of_a_region_that_moves_is_forgotten_with_a_reload():
    shelf = MemoryShelf()
    scene = Scene(shelf)
    async with scene.running():
        for each in (sample(), sample(name=YUL), sample(network=THERE)):
            scene.learner.take(each)
        await until(lambda: len(shelf._kept) > 1)
        moved = [region("yto-01", VANCOUVER).region, *scene.atlas.globe.regions[1:]]
        scene.learner.follow(moved)
        await until(lambda: THERE not in shelf._kept)
        await until(lambda: set(shelf._kept[HERE].tracks) == {YUL})


async def test_what_waits_for_the_shelf_is_bounded_while_it_is_away(monkeypatch):
    monkeypatch.setattr(module, "MOST_GONE", 3)
    shelf = Flaky()
    scene = Scene(shelf)
    scene.atlas._most = 2
    async with scene.running():
        await until(lambda: scene.learner._recalled)
        shelf.away = True
        for i in range(20):
            scene.learner.take(sample(network=Network(f"203.0.{i}.0/24")))
        await until(lambda: len(scene.atlas) == 2 and scene.told.shelf)
    assert len(scene.learner._gone) == 3
    assert len(scene.learner._unkept) == 2


async def test_recalling_much_leaves_others_their_turn():
    shelf = MemoryShelf()
    kept = Evidence({YTO: Track((Millis(9.0),), 1, now(), "served")})
    await shelf.keep({Network(f"20.0.{i}.0/24"): kept for i in range(200)})
    scene, turns = Scene(shelf), 0
    async with scene.running():
        while len(scene.atlas) < 200:
            await asyncio.sleep(0)
            turns += 1
    assert turns >= 200 / module.HEAP


@pytest.mark.parametrize(
    ("kind", "source", "refused"),
    [
        (HoldKind.QUARANTINE, "served", "quarantined"),
        (HoldKind.QUARANTINE, "probe", "quarantined"),
        (HoldKind.QUARANTINE, "reported", None),
        (HoldKind.QUARANTINE, "rumour", "unknown"),
        (HoldKind.DRAIN, "served", None),
    ],
)
async def test_what_nodes_of_a_region_in_quarantine_measured_is_not_learned(kind, source, refused):
    scene = Scene(Flaky())
    hold = Hold("yto-01", kind, "alice", "lies", Unix(0.0))
    fleet = scene.snapshots.fleet
    views = (replace(fleet.regions[0], holds=(hold,)), *fleet.regions[1:])
    scene.snapshots.fleet = FleetSnapshot(2, now(), views)
    assert scene.learner.take(sample(source=source)) == refused


async def test_nor_is_what_another_router_had_from_them():
    shelf = Flaky()
    here, there = Scene(shelf), Scene(shelf)
    hold = Hold("yto-01", HoldKind.QUARANTINE, "alice", "lies", Unix(0.0))
    fleet = here.snapshots.fleet
    views = (replace(fleet.regions[0], holds=(hold,)), *fleet.regions[1:])
    here.snapshots.fleet = FleetSnapshot(2, now(), views)
    async with here.running(), there.running():
        there.learner.take(sample())
        await until(lambda: ("served", "quarantined") in here.told.samples)
    assert not here.atlas.evidence(HERE).tracks
