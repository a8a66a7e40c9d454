"""The composition root of the router: the only file that knows every part, and how they live and die together."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from secrets import token_hex

import structlog
from aiohttp import web

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
from autorouter.config import ConfigError, load
from autorouter.core.assigned import Assigned
from autorouter.core.catalog import Catalog
from autorouter.core.fleet import Node, Region
from autorouter.core.latency.atlas import Atlas
from autorouter.core.names import RouterName
from autorouter.core.spill import Spill
from autorouter.core.used import Used
from autorouter.location.chain import Locator
from autorouter.location.databases import Databases
from autorouter.probing.status import StatusLook, Watcher
from autorouter.runtime.bookkeeper import Bookkeeper
from autorouter.runtime.clock import now, unix_now
from autorouter.runtime.learner import Learner
from autorouter.runtime.observer import Observer, first_fleet
from autorouter.runtime.ports import Exchange, Shelf, Store
from autorouter.runtime.router import Router
from autorouter.runtime.snapshots import Snapshots
from autorouter.store.memory import MemoryStore
from autorouter.store.memory_exchange import MemoryExchange
from autorouter.store.memory_shelf import MemoryShelf
from autorouter.store.redis import RedisStore, fault_in
from autorouter.store.redis_exchange import RedisExchange
from autorouter.store.redis_shelf import RedisShelf
from autorouter.telemetry import AtlasGauges, LoadGauges, Telemetry, UsageCounters
from autorouter.wire.key import Key

log = structlog.get_logger("autorouter")

GRACE = 3.0
"""Seconds that requests in flight get at shutdown; a route takes milliseconds."""


@dataclass(frozen=True, slots=True)
class Options:
    """Where this process is and what it is given; the rest stands in regions.yaml."""

    regions: Path
    host: str
    port: int
    redis_url: str | None
    geoip: Path | None = None
    """The user's own City database; the embedded one in its absence."""
    geoip_asn: Path | None = None
    keys: tuple[Key, ...] = ()
    """What routers and nodes share; without one only nodes on this machine are asked, and no probes are asked for."""


class Autorouter:
    """A whole router process."""

    def __init__(self, options: Options, catalog: Catalog) -> None:
        self._options = options
        self._router_name = RouterName(f"r-{token_hex(6)}")
        self._snapshots = Snapshots(catalog, first_fleet(catalog, now()))
        self._telemetry = Telemetry(catalog.budget, lambda: self._snapshots.fleet)
        self._geoip = Databases(options.geoip, options.geoip_asn)
        self._atlas = Atlas(catalog.regions)
        self._store, self._shelf, exchange = self._open_store()
        self._observer = Observer(self._router_name, self._snapshots, self._look, self._store, now, self._telemetry)
        self._telemetry.registry.register(AtlasGauges(self._atlas))
        self._used = Used(lambda: self._snapshots.fleet.models)
        self._telemetry.registry.register(UsageCounters(self._used))
        locator = self._locator(catalog)
        self._learner = Learner(
            self._atlas, self._snapshots, self._shelf, locator.locate_network, now, self._telemetry
        )
        self._asker = Asker(locator)
        assigned = Assigned(now())
        self._exchange = exchange
        self._bookkeeper = Bookkeeper(assigned, exchange, now, self._telemetry)
        spill = Spill(assigned)
        self._telemetry.registry.register(LoadGauges(spill, lambda: self._snapshots.fleet))
        router = Router(self._snapshots, self._atlas, spill, now, (self._telemetry.decided,))
        tickets = Tickets(options.keys[0], unix_now, self._atlas.ears) if options.keys else None
        self._route = RouteEdge(router, self._snapshots, self._asker, now, tickets)
        self._lines = Lines()
        referrer = Referrer(options.keys[0], unix_now) if options.keys else None
        self._onward = OnwardEdge(
            router,
            self._snapshots,
            self._asker,
            Relay(self._lines, self._snapshots, now, self._telemetry.sent_on),
            referrer,
        )

    async def run(self) -> None:
        """Serve until told to stop."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, self.reload)
        async with self._watching(), self._lines, self._listening():
            await stop.wait()
            log.info("stopping")

    def reload(self) -> None:
        """Read regions.yaml again: whole, or not at all. The GeoIP files too, each for itself."""
        self._geoip.forget()
        try:
            catalog = load(self._options.regions)
        except ConfigError as exc:
            self._telemetry.reloaded(ok=False, reason=str(exc))
            return
        self._snapshots.catalog = catalog
        self._learner.follow(catalog.regions)
        self._asker.locator = self._locator(catalog)
        self._learner.locate = self._asker.locator.locate_network
        self._telemetry.budget = catalog.budget
        self._observer.republish()
        self._telemetry.reloaded(ok=True)

    @asynccontextmanager
    async def _watching(self) -> AsyncIterator[None]:
        """What runs beside everything else; if it breaks, so does the process, and its supervisor starts anew."""
        try:
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(self._observer.run())
                learning = tasks.create_task(self._learner.run())
                keeping = tasks.create_task(self._bookkeeper.run())
                following = tasks.create_task(self._geoip.follow(self._telemetry.reread))
                yield
                for each in (watching, learning, keeping, following):
                    each.cancel()
        finally:
            await self._observer.close()
            await self._store.close()
            await self._shelf.close()
            await self._exchange.close()

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        fleet = FleetEdge(self._snapshots, now)
        health = HealthEdge(
            self._snapshots, now, self._telemetry.registry, self._observer.unknown, lambda: self._telemetry.store_up
        )
        rtt = RttEdge(self._learner, self._snapshots, self._asker, now)
        app = site(self._route, rtt, self._onward, fleet, health, self._telemetry.refused)
        runner = FrontRunner(app, shutdown_timeout=GRACE)
        await runner.setup()
        try:
            await web.TCPSite(runner, self._options.host, self._options.port, reuse_address=True).start()
            log.info("listening", url=_url(runner), regions=len(self._snapshots.catalog.regions))
            yield
        finally:
            await runner.cleanup()

    def _look(self, region: Region, node: Node) -> StatusLook:
        key = self._options.keys[0] if self._options.keys else None
        watcher = Watcher(self._router_name, now, key, self._learner.take, partial(self._used.take, region.name))
        return StatusLook(watcher, region, node)

    def _locator(self, catalog: Catalog) -> Locator:
        return Locator(catalog.networks, catalog.trusted_proxies, self._geoip)

    def _open_store(self) -> tuple[Store, Shelf, Exchange]:
        url, name = self._options.redis_url, self._router_name
        if not url:
            return MemoryStore(), MemoryShelf(), MemoryExchange({}, name, now)
        if fault := fault_in(url):
            raise ConfigError(f"REDIS_URL: {fault}")
        refused = self._telemetry.entry_refused
        shelf = RedisShelf(url, now, refused, self._atlas.place_of)
        return RedisStore(url, now, refused), shelf, RedisExchange(url, name, now, refused)


def _url(runner: web.AppRunner) -> str:
    name, port = runner.addresses[0][:2]
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
