"""The router's HTTP surface over a fleet that a test draws up, with no observer behind it."""

from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientSession, web

from autorouter.api.asker import Asker
from autorouter.api.fleet import FleetEdge
from autorouter.api.front import FrontRunner
from autorouter.api.health import HealthEdge
from autorouter.api.onward.edge import OnwardEdge
from autorouter.api.onward.lines import Lines
from autorouter.api.onward.redirect import Referrer
from autorouter.api.onward.relay import Relay
from autorouter.api.route import RouteEdge
from autorouter.api.rtt import RttEdge
from autorouter.api.site import site
from autorouter.api.tickets import Tickets
from autorouter.core.address import block
from autorouter.core.assigned import Assigned
from autorouter.core.catalog import Catalog
from autorouter.core.fleet import FleetSnapshot, Stage
from autorouter.core.latency.atlas import Atlas
from autorouter.core.names import Country
from autorouter.core.networks import KnownNetwork
from autorouter.core.spill import Spill
from autorouter.core.units import Instant, Millis
from autorouter.location.chain import Locator
from autorouter.runtime.clock import now
from autorouter.runtime.learner import Learner
from autorouter.runtime.router import Router
from autorouter.runtime.snapshots import Snapshots
from autorouter.store.memory_shelf import MemoryShelf
from autorouter.telemetry import Telemetry
from autorouter.wire.key import Key
from tests.scenes import MONTREAL, NEW_YORK, TORONTO, VANCOUVER, region

LOOPBACK = block("127.0.0.0/8")
KEY = Key("a-key-of-routers-and-nodes")


class Site:
    """A running site and what stands behind it."""

    def __init__(self):
        self.fleet(
            region("yto-01", TORONTO),
            region("yul-01", MONTREAL),
            region("yvr-02", VANCOUVER),
            region("nyc-01", NEW_YORK, country="US", stage=Stage.PLANNED),
        )
        self.telemetry = Telemetry(Millis(300.0), lambda: self.snapshots.fleet)
        self.unknown = ()
        self.holds_known = True
        self.lines = Lines()
        self.key = KEY

    def fleet(self, *views):
        catalog = Catalog(tuple(view.region for view in views))
        snapshot = FleetSnapshot(7, now(), views)
        if hasattr(self, "snapshots"):
            self.snapshots.catalog, self.snapshots.fleet = catalog, snapshot
            self.atlas.follow(catalog.regions)
        else:
            self.snapshots = Snapshots(catalog, snapshot)
            self.atlas = Atlas(catalog.regions)

    def age(self, seconds):
        fleet = self.snapshots.fleet
        self.snapshots.fleet = FleetSnapshot(fleet.revision, Instant(fleet.taken - seconds), fleet.regions)

    def app(self):
        known = (KnownNetwork(LOOPBACK, TORONTO, Country("CA")),
                 KnownNetwork(block("203.0.113.0/24"), VANCOUVER, Country("CA")))  # fmt: skip
        router = Router(self.snapshots, self.atlas, Spill(Assigned(now())), now, (self.telemetry.decided,))
        asker = Asker(Locator(known, (LOOPBACK,)))
        learner = Learner(
            self.atlas, self.snapshots, MemoryShelf(), asker.locator.locate_network, now, self.telemetry
        )
        route = RouteEdge(router, self.snapshots, asker, now, Tickets(KEY, lambda: 1_800_000_000.0, self.atlas.ears))
        rtt = RttEdge(learner, self.snapshots, asker, now)
        health = HealthEdge(
            self.snapshots, now, self.telemetry.registry, lambda: self.unknown, lambda: True, lambda: self.holds_known
        )
        referrer = Referrer(self.key, lambda: 1_800_000_000.0) if self.key else None
        onward = OnwardEdge(
            router, self.snapshots, asker, Relay(self.lines, self.snapshots, now, self.telemetry.sent_on), referrer
        )
        return site(route, rtt, onward, FleetEdge(self.snapshots, now), health, self.telemetry.refused)


@pytest.fixture
def behind():
    return Site()


@pytest.fixture
async def http(behind):
    async with serving(behind) as client:
        yield client


@asynccontextmanager
async def serving(behind):
    async with behind.lines:
        runner = FrontRunner(behind.app(), shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        name, port = runner.addresses[0]
        async with ClientSession(f"http://{name}:{port}") as client:
            yield client
        await runner.cleanup()
