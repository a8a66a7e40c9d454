"""The write path of what is known of clients: hear what was measured, judge it, learn it, share it and keep it.

Nothing here is waited for by a request. While the shelf cannot be reached this router goes on learning from what its
nodes tell it, and hands over what it owes when the shelf is back, even if that has lost all it had.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from itertools import chain, islice
from typing import TypeVar

from autorouter.core.errors import StoreError
from autorouter.core.fleet import Region
from autorouter.core.latency.atlas import Atlas
from autorouter.core.latency.judge import credible, refusal
from autorouter.core.latency.sample import Sample, is_hasty
from autorouter.core.latency.sources import SOURCES
from autorouter.core.names import Network
from autorouter.core.query import Client
from autorouter.runtime.ports import Clock, Shelf, Witness
from autorouter.runtime.snapshots import Snapshots

TURN = 0.5
"""Seconds between two turns: how soon what was learned reaches beliefs, and other routers."""

BATCH = 500
"""Samples told, and networks kept, in one turn."""

MOST_UNTOLD = 10_000
"""Samples that wait to be told; the oldest go first, for what they taught is kept with their network."""

MOST_REPORTED = 500
"""The same of what clients reported, which waits behind what nodes measured: nobody may talk so much that others are
not heard."""

MOST_GONE = 32_768
"""Forgotten networks that wait to be forgotten by the shelf too; what it keeps beyond is forgotten when recalled."""

HEAP = 10
"""Of what comes in heaps so much is taken in at once."""

AUDIT = 60.0
"""Seconds between two looks at whether the shelf still has what it was given."""

RETRY = 1.0
"""Seconds before what failed is tried again."""

Each = TypeVar("Each")
Locate = Callable[[Network], Client]
"""Who a client network is, as far as it can be known without an address."""


class Learner:
    """Keeps the atlas."""

    def __init__(
        self, atlas: Atlas, snapshots: Snapshots, shelf: Shelf, locate: Locate, clock: Clock, witness: Witness
    ) -> None:
        self.locate = locate
        self._atlas = atlas
        self._snapshots = snapshots
        self._shelf = shelf
        self._now = clock
        self._witness = witness
        self._untold: dict[Sample, None] = {}
        self._reported: dict[Sample, None] = {}
        self._unkept: dict[Network, None] = {}
        self._gone: dict[Network, None] = {}
        self._breath = 0
        self._recalled = False
        self._audited = clock()

    def take(self, sample: Sample, client: Client | None = None) -> str | None:
        """Learn *sample*, of *client* if more is known than its network; why it is refused, or None if it is not."""
        who = client or self.locate(sample.network)
        refused = self._refusal(sample, who)
        if refused is None and is_hasty(self._atlas.evidence(sample.network), sample):
            refused = "hasty"
        if refused is not None:
            self._witness.sampled(sample.source, refused)
        elif self._atlas.learn(sample, who):
            self._witness.sampled(sample.source, None)
            self._owe(sample)
        return refused

    def follow(self, regions: Sequence[Region]) -> None:
        """The catalog has other *regions* now; what is kept of those that moved is forgotten too."""
        for network in self._atlas.follow(regions):
            (self._unkept if self._atlas.evidence(network).tracks else self._gone)[network] = None

    async def run(self) -> None:
        """Learn until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._steadily("learn", self._hear))
            await self._steadily("share", self._turn)

    async def _steadily(self, what: str, step: Callable[[], Awaitable[None]]) -> None:
        """Take *step* again and again; a defect in one is told, and costs a pause, not the router."""
        while True:
            try:
                await step()
            except StoreError as exc:
                self._witness.shelf_changed(str(exc))
                await asyncio.sleep(RETRY)
            except Exception as exc:  # noqa: BLE001 - the top of a loop that must not end
                self._witness.failed(what, exc)
                await asyncio.sleep(RETRY)

    async def _hear(self) -> None:
        """Recall what was known, then hear what other routers learn; after each silence both again.

        Until all is recalled nothing is kept: what this router knows may be the poorer, and would take the place of
        the richer.
        """
        self._recalled = False
        await self._recall()
        self._recalled = True
        async with aclosing(self._shelf.listen()) as news:
            async for sample in news:
                self._witness.shelf_changed()
                await self._breathe()
                client = self.locate(sample.network)
                refused = self._refusal(sample, client)
                if refused is not None:
                    self._witness.sampled(sample.source, refused)
                elif self._atlas.learn(sample, client):
                    self._unkept[sample.network] = None

    def _refusal(self, sample: Sample, client: Client) -> str | None:
        """Why *sample* is not learned. What a node of a region in quarantine measured is not believed."""
        there = self._snapshots.fleet.by_name.get(sample.region.lower())
        if there is not None and there.quarantined and sample.source in SOURCES and SOURCES[sample.source].trusted:
            return "quarantined"
        return refusal(sample, client, self._atlas.globe)

    async def _recall(self) -> None:
        async with aclosing(self._shelf.recall()) as kept:
            async for network, evidence in kept:
                await self._breathe()
                client = self.locate(network)
                good, refused = credible(network, evidence, client, self._atlas.globe, self._now())
                for source, reason in refused:
                    self._witness.sampled(source, reason)
                if good.tracks and self._atlas.recall(network, good, client):
                    self._unkept[network] = None

    async def _breathe(self) -> None:
        """Let others have their turn, of whatever comes in heaps: what was kept costs 0.3 ms a network."""
        self._breath = (self._breath + 1) % HEAP
        if not self._breath:
            await asyncio.sleep(0)

    async def _turn(self) -> None:
        """Let beliefs know what was learned, and the shelf too."""
        await asyncio.sleep(TURN)
        fleet = self._snapshots.fleet
        self._atlas.own = {view.region.name: view.rtt for view in fleet.regions if view.rtt is not None}
        self._atlas.refresh()
        for network in self._atlas.forget():
            self._unkept.pop(network, None)
            _append(self._gone, network, MOST_GONE)
        await self._tell()
        if self._recalled:
            await self._keep()
            await self._audit()

    async def _tell(self) -> None:
        samples = list(islice(chain(self._untold, self._reported), BATCH))
        if samples:
            await self._shelf.tell(samples)
            self._witness.shelf_changed()
        for sample in samples:
            self._untold.pop(sample, None)
            self._reported.pop(sample, None)

    async def _keep(self) -> None:
        networks = list(islice(self._unkept, BATCH))
        gone = list(islice(self._gone, BATCH))
        there = {network: self._atlas.evidence(network) for network in networks}
        if networks or gone:
            lost = [network for network in gone if not self._atlas.evidence(network).tracks]
            await self._shelf.keep({network: each for network, each in there.items() if each.tracks}, lost)
        for network, each in there.items():
            if self._atlas.evidence(network) is each:
                self._unkept.pop(network, None)
        for network in gone:
            self._gone.pop(network, None)

    async def _audit(self) -> None:
        """A shelf that has less than half of what is known has lost it: it gets everything again."""
        if self._now() - self._audited <= AUDIT:
            return
        self._audited = self._now()
        if 2 * await self._shelf.kept() < len(self._atlas):
            self._unkept |= {network: None for network, _ in self._atlas.networks()}

    def _owe(self, sample: Sample) -> None:
        self._unkept[sample.network] = None
        if SOURCES[sample.source].trusted:
            _append(self._untold, sample, MOST_UNTOLD)
        else:
            _append(self._reported, sample, MOST_REPORTED)


def _append(queue: dict[Each, None], each: Each, most: int) -> None:
    queue[each] = None
    if len(queue) > most:
        del queue[next(iter(queue))]
