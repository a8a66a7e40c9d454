"""The write path: look at nodes, hear what other routers found, fold it all, publish the fleet.

One loop decides who is due and publishes; every look is a task of its own under one group. The store is told from a
queue of its own, so that a store that hangs delays nothing: this router goes on with what it sees itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial

from autorouter.core.catalog import Catalog
from autorouter.core.errors import StoreError
from autorouter.core.fleet import FleetSnapshot, Node, Region
from autorouter.core.ledger import Ledger, fold, forget
from autorouter.core.names import NodeName, RouterName
from autorouter.core.observation import Observation
from autorouter.core.schedule import next_look, probed
from autorouter.core.snapshot import FRESH_PROBES, snapshot
from autorouter.core.units import Instant
from autorouter.runtime.ports import Clock, Look, Probe, Store, Witness
from autorouter.runtime.snapshots import Snapshots

LONGEST_NAP = 0.25
"""Seconds between looks at the plan when nothing is due: how soon a reload takes effect."""

GATHER = 0.05
"""Least seconds between two snapshots and between two looks at the plan: a thousand nodes make twenty of either a
second, not five hundred. News after a pause is published at once."""

MOST_UNTOLD = 10_000
"""Observations that wait for the store; older ones are dropped, for they are the least news."""

RETRY = 1.0
"""Seconds before what failed is tried again."""


@dataclass(slots=True)
class Watch:
    """One node that is being watched."""

    region: Region
    node: Node
    look: Look
    asked: Instant | None = None
    looking: bool = False

    @property
    def about(self) -> tuple[Region, Node]:
        """What is watched, as the catalog names it."""
        return self.region, self.node


class Observer:
    """Keeps the snapshot true."""

    def __init__(
        self, router: RouterName, snapshots: Snapshots, probe: Probe, store: Store, clock: Clock, witness: Witness
    ) -> None:
        self._snapshots = snapshots
        self._probe = probe
        self._store = store
        self._now = clock
        self._witness = witness
        self._ledger = Ledger(router)
        self._watches: dict[NodeName, Watch] = {}
        self._untold: asyncio.Queue[Observation] = asyncio.Queue(MOST_UNTOLD)
        self._news: list[Observation] = []
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Watch until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._steadily("tell", self._tell))
            tasks.create_task(self._steadily("hear", self._hear))
            await self._steadily("watch", partial(self._watch, tasks))

    async def close(self) -> None:
        """Stop looking at every node."""
        for watch in self._watches.values():
            await watch.look.close()

    def unknown(self) -> tuple[NodeName, ...]:
        """Nodes that should be watched and were never looked at, by anyone."""
        nodes = (view for region in self._snapshots.fleet.regions for view in region.nodes if probed(region.region))
        return tuple(view.node.name for view in nodes if view.seen is None)

    def republish(self) -> None:
        """Publish the fleet of a new catalog, or with other holds; what was seen of changed nodes is forgotten."""
        catalog = self._snapshots.catalog
        self._publish([name for name, watch in self._watches.items() if catalog.nodes.get(name) != watch.about])

    async def _steadily(self, what: str, step: Callable[[], Awaitable[None]]) -> None:
        """Take *step* again and again; a defect in one is told, and costs a pause, not the router."""
        while True:
            try:
                await step()
            except Exception as exc:  # noqa: BLE001 - the top of a loop that must not end
                self._witness.failed(what, exc)
                await asyncio.sleep(RETRY)

    async def _watch(self, tasks: asyncio.TaskGroup) -> None:
        """Publish what was found, look at every node that is due, and wait for the next of either."""
        self._woken.clear()
        if self._news:
            self._publish()
        await self._follow_catalog(self._snapshots.catalog)
        now = self._now()
        due = {name: self._due(watch, now) for name, watch in self._watches.items() if not watch.looking}
        for name in (name for name, at in due.items() if at <= now):
            watch = self._watches[name]
            watch.asked, watch.looking = now, True
            tasks.create_task(self._look(watch))
        ahead = min((at - now for at in due.values() if at > now), default=LONGEST_NAP)
        await self._nap(min(ahead, LONGEST_NAP))

    async def _nap(self, longest: float) -> None:
        """Wait for news, *longest* seconds at most and one `GATHER` at least, however much is due or comes in."""
        await asyncio.sleep(GATHER)
        with suppress(TimeoutError):
            async with asyncio.timeout(longest - GATHER):
                await self._woken.wait()

    def _due(self, watch: Watch, now: Instant) -> Instant:
        memory = self._ledger.own(watch.node.name)
        return next_look(watch.node.name, memory, watch.asked, self._snapshots.catalog.probe_every, now)

    async def _follow_catalog(self, catalog: Catalog) -> None:
        """Watch what the catalog names, and nothing else."""
        wanted = {name: both for name, both in catalog.nodes.items() if probed(both[0])}
        for name, watch in list(self._watches.items()):
            if wanted.get(name) != watch.about:
                del self._watches[name]
                self._publish([name])
                await watch.look.close()
        for name, (region, node) in wanted.items():
            if name not in self._watches:
                self._watches[name] = Watch(region, node, self._probe(region, node))

    async def _look(self, watch: Watch) -> None:
        try:
            observation = await watch.look()
        except Exception as exc:  # noqa: BLE001 - a look that breaks its promise must not end the others
            self._witness.failed("look", exc)
            return
        finally:
            watch.looking = False
        if self._snapshots.catalog.nodes.get(watch.node.name) != watch.about:
            return  # the catalog no longer knows it as it was
        self._witness.observed(observation)
        self._note(observation)
        if self._untold.full():
            self._untold.get_nowait()
        self._untold.put_nowait(observation)

    async def _tell(self) -> None:
        """Tell the store of one observation; one that cannot be told in time is old news."""
        observation = await self._untold.get()
        try:
            await self._store.append(observation)
        except StoreError as exc:
            self._witness.store_changed("tell", str(exc))
        else:
            self._witness.store_changed("tell")

    async def _hear(self) -> None:
        """Follow the store while it can be followed."""
        try:
            async with aclosing(self._store.follow()) as news:
                async for observation in news:
                    self._witness.store_changed("hear")
                    self._consider(observation)
        except StoreError as exc:
            self._witness.store_changed("hear", str(exc))
            await asyncio.sleep(RETRY)

    def _consider(self, observation: Observation) -> None:
        """Take in what another router found about a node that is here what it is there."""
        known = self._snapshots.catalog.nodes.get(observation.node)
        if known and known[0].name == observation.region and observation.router != self._ledger.router:
            self._note(observation)

    def _note(self, observation: Observation) -> None:
        self._news.append(observation)
        self._woken.set()

    def _publish(self, gone: Iterable[NodeName] = ()) -> None:
        """Fold what is new, forget what is *gone* or old, and swap the snapshot."""
        catalog, before, now = self._snapshots.catalog, self._snapshots.fleet, self._now()
        heard = fold(self._ledger, self._news)
        self._news.clear()
        self._ledger = forget(heard, gone, Instant(now - 2 * FRESH_PROBES * catalog.probe_every))
        holds, revision = self._snapshots.holds, before.revision + 1
        after = snapshot(catalog.regions, self._ledger, catalog.probe_every, now, revision, holds)
        self._snapshots.fleet = after
        self._witness.published(before, after)


def first_fleet(catalog: Catalog, now: Instant) -> FleetSnapshot:
    """The fleet before anything was seen: everything unknown."""
    return snapshot(catalog.regions, Ledger(RouterName("")), catalog.probe_every, now, 0)
