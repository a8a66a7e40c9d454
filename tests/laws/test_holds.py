"""What no fleet and no hold can make happen, and no order of what is said, lost and heard late."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from autorouter.core.errors import StoreError
from autorouter.core.fleet import Health, Stage
from autorouter.core.holds import Hold, HoldKey, HoldKind
from autorouter.core.snapshot import assign
from autorouter.core.units import Unix
from autorouter.runtime.holding import Holding
from autorouter.store.memory_holds import MemoryBoard
from tests.scenes import MONTREAL, NEW_YORK, TORONTO, node, region, route

KINDS = st.sampled_from(HoldKind)

# ── Nobody is ever sent to what is held ───────────────────────────────────────
REGIONS, NODES = ["r0", "r1", "r2"], ["n0", "n1", "n2", "n3"]


@st.composite
def fleets(draw):
    """Three regions of nodes with and without endpoints of their own, and any holds on any of them."""
    holds = [
        Hold(target, draw(KINDS), "alice", "x", Unix(0.0))
        for target in draw(st.lists(st.sampled_from([*REGIONS, *NODES, "gone"]), max_size=4))
    ]
    views = []
    for i, name in enumerate(REGIONS):
        nodes = [
            node(
                f"n{i}" if j == 0 else f"{name}-n{j}",
                endpoint=draw(st.sampled_from([None, f"https://{name}-{j}"])),
                health=draw(st.sampled_from([Health.UP, Health.DEGRADED, Health.DOWN])),
                draining=draw(st.sampled_from([False, False, True])),
            )
            for j in range(draw(st.integers(1, 3)))
        ]
        at = draw(st.sampled_from([TORONTO, MONTREAL, NEW_YORK]))
        views.append(region(name, at, nodes=nodes, stage=draw(st.sampled_from([Stage.ACTIVE, Stage.DRAINING]))))
    on_regions, on_nodes = assign(holds, [view.region for view in views])
    return [
        replace(
            view,
            holds=on_regions.get(view.region.name, ()),
            nodes=tuple(replace(n, holds=on_nodes.get(n.node.name, ())) for n in view.nodes),
        )
        for view in views
    ]


@settings(max_examples=400)
@given(fleet=fleets(), previous=st.sampled_from([None, *REGIONS]), only=st.sets(st.sampled_from(REGIONS), max_size=2))
def test_nobody_is_ever_sent_to_what_is_held(fleet, previous, only):
    decision = route(*fleet, previous=previous, only=frozenset(only))
    for each in decision.ranked:
        assert not each.view.holds
        nodes = {n.node.name: n for n in each.view.nodes}
        assert all(not nodes[name].holds for name in each.placement.nodes)
        if each.placement.endpoint == each.view.region.endpoint:
            behind = [n for n in each.view.nodes if not n.node.endpoint]
            assert not any(n.quarantined for n in behind)
    told = {each.region: each for each in decision.rejected}
    for view in fleet:
        if view.held and view.region.stage is Stage.ACTIVE:
            assert told[view.region.name].rule == "hold"
            assert "by alice" in told[view.region.name].detail


# ── What was promised holds, and what was taken back does not come back ───────
class Flaky(MemoryBoard):
    """A board onto a store that others share, from which one router can be cut off."""

    cut = False

    async def read(self):
        if self.cut:
            raise StoreError("cut off")
        return await super().read()


class Ears:
    def held(self, before, after):
        pass

    def board_changed(self, fault=""):
        pass


class Router:
    def __init__(self, kept, clock):
        self.snapshots = type("Snapshots", (), {"holds": ()})()
        self.board = Flaky(kept)
        self.holding = Holding(self.board, self.snapshots, lambda: None, clock, Ears())


KEYS = [HoldKey("r0", HoldKind.DRAIN, "alice"), HoldKey("r0", HoldKind.DRAIN, "bob")]

steps = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), st.integers(0, 2), st.sampled_from(KEYS), st.sampled_from([None, 3.0])),
        st.tuples(st.just("lift"), st.integers(0, 2), st.sampled_from(KEYS)),
        st.tuples(st.just("turn"), st.integers(0, 2)),
        st.tuples(st.just("cut"), st.integers(0, 2)),
        st.tuples(st.just("flush")),
        st.tuples(st.just("wait")),
    ),
    max_size=24,
)


AWAY_WHILE_IT_WAS_TAKEN_BACK = [("hold", 0, KEYS[0], None), ("turn", 1), ("cut", 1), ("lift", 0, KEYS[0]), ("flush",)]


@settings(max_examples=200)
@given(steps)
@example(AWAY_WHILE_IT_WAS_TAKEN_BACK)
def test_whatever_is_lost_and_whoever_was_away_routers_agree_on_what_was_said_last(script):
    """Flushed only while the router that heard the latest word is there to give it back: else nobody knows it."""
    asyncio.run(played(script))


async def played(script):
    play = Play()
    for what, *about in script:
        await getattr(play, what)(*about)
    assert await play.agreed() == [play.wanted()] * 3


class Play:
    """Three routers on one store, and what operators were promised."""

    def __init__(self):
        self.kept, self.now, self.said = {}, 0.0, {}
        self.routers = [Router(self.kept, lambda: Unix(self.now)) for _ in range(3)]

    async def hold(self, who, key, lasting):
        until = None if lasting is None else Unix(self.now + lasting)
        with suppress(StoreError):
            await self.routers[who].holding.hold(Hold(*key, "x", Unix(self.now), until))
            self.said[key] = until

    async def lift(self, who, key):
        with suppress(StoreError):
            await self.routers[who].holding.lift(lambda hold: hold.key == key)
            self.said.pop(key, None)

    async def turn(self, who):
        await self.routers[who].holding.turn()

    async def cut(self, who):
        self.routers[who].board.cut = not self.routers[who].board.cut

    async def flush(self):
        await self.turns()  # whoever is there has heard what was said
        if any(not each.board.cut for each in self.routers):
            self.kept.clear()
            await self.turns()

    async def wait(self):
        self.now += 1.0

    async def turns(self):
        for each in self.routers:
            await each.holding.turn()

    async def agreed(self):
        for each in self.routers:
            each.board.cut = False
        await self.turns()
        await self.turns()
        return [{hold.key for hold in each.snapshots.holds} for each in self.routers]

    def wanted(self):
        return {key for key, until in self.said.items() if until is None or self.now < until}
