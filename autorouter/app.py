"""The composition root of the router: the only file that knows every part, and how they live and die together."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

import structlog
from aiohttp import web

from autorouter.api.admin.guard import Guard
from autorouter.api.admin.holds import HoldsEdge
from autorouter.api.admin.listener import listening
from autorouter.api.admin.record import Recorder
from autorouter.api.admin.site import admin_site
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
from autorouter.config.admin import Address
from autorouter.config.keys import admin_keys
from autorouter.core.assigned import Assigned
from autorouter.core.catalog import Catalog
from autorouter.core.fleet import Node, Region
from autorouter.core.latency.atlas import Atlas
from autorouter.core.latency.sample import Sample
from autorouter.core.names import NodeName, RouterName
from autorouter.core.spill import Spill
from autorouter.core.used import Figures, Hour, Used
from autorouter.location.chain import Locator
from autorouter.location.databases import Databases
from autorouter.probing.status import StatusLook, Watcher
from autorouter.runtime.bookkeeper import Bookkeeper
from autorouter.runtime.clock import now, unix_now
from autorouter.runtime.holding import Holding
from autorouter.runtime.learner import Learner
from autorouter.runtime.observer import Observer, first_fleet
from autorouter.runtime.ports import Board, Exchange, Shelf, Store, Trail
from autorouter.runtime.router import Router
from autorouter.runtime.snapshots import Snapshots
from autorouter.store.file_holds import FileBoard, FileTrail
from autorouter.store.memory import MemoryStore
from autorouter.store.memory_exchange import MemoryExchange
from autorouter.store.memory_shelf import MemoryShelf
from autorouter.store.redis import RedisStore, fault_in
from autorouter.store.redis_exchange import RedisExchange
from autorouter.store.redis_holds import RedisBoard, RedisTrail
from autorouter.store.redis_shelf import RedisShelf
from autorouter.telemetry import AtlasGauges, LoadGauges, Telemetry, UsageCounters
from autorouter.wire.access import KeyEntry
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
    admin: Address = field(default_factory=Address)
    """Where operators are listened to."""
    admin_keys: Path | None = None
    """Whose key counts there; who asks over the unix socket needs none."""
    state: Path = Path()
    """Where holds are kept without Redis."""


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
        self._board, self._trail = self._open_board()
        self._holding = Holding(self._board, self._snapshots, self._observer.republish, unix_now, self._telemetry)
        self._guard = Guard(unix_now, self._read_admin_keys())
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
        await self._holding.turn()  # before anybody is answered: what is held was held before this router started
        if not self._holding.heard:
            log.warning("holds_unknown", meaning="not ready until they were read once: what is held may be offered")
        async with self._watching(), self._lines, self._listening(), self._administered():
            await stop.wait()
            log.info("stopping")

    def reload(self) -> None:
        """Read regions.yaml again: whole, or not at all. The GeoIP files and the admin keys too, each for itself."""
        self._geoip.forget()
        faults: list[str] = []
        for read in (self._reload_admin_keys, self._reload_regions):
            try:
                read()
            except ConfigError as exc:
                faults.append(str(exc))
        self._telemetry.reloaded(ok=not faults, reason="; ".join(faults))

    def _reload_admin_keys(self) -> None:
        self._guard.keys = self._read_admin_keys()

    def _reload_regions(self) -> None:
        catalog = load(self._options.regions)
        self._snapshots.catalog = catalog
        self._learner.follow(catalog.regions)
        self._asker.locator = self._locator(catalog)
        self._learner.locate = self._asker.locator.locate_network
        self._telemetry.budget = catalog.budget
        self._observer.republish()

    @asynccontextmanager
    async def _watching(self) -> AsyncIterator[None]:
        """What runs beside everything else; if it breaks, so does the process, and its supervisor starts anew."""
        try:
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(self._observer.run())
                learning = tasks.create_task(self._learner.run())
                keeping = tasks.create_task(self._bookkeeper.run())
                holding = tasks.create_task(self._holding.run())
                following = tasks.create_task(self._geoip.follow(self._telemetry.reread))
                yield
                for each in (watching, learning, keeping, holding, following):
                    each.cancel()
        finally:
            await self._observer.close()
            await self._store.close()
            await self._shelf.close()
            await self._exchange.close()
            await self._board.close()
            await self._trail.close()

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        fleet = FleetEdge(self._snapshots, now)
        health = HealthEdge(
            self._snapshots,
            now,
            self._telemetry.registry,
            self._observer.unknown,
            lambda: self._telemetry.store_up,
            lambda: self._holding.heard,
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

    @asynccontextmanager
    async def _administered(self) -> AsyncIterator[None]:
        """Operators are listened to as well, if that is wished for and can be."""
        at = self._options.admin
        if at.is_off:
            yield
            return
        recorder = Recorder(self._trail, self._router_name, unix_now, self._telemetry.administered)
        app = admin_site(self._guard, HoldsEdge(self._holding, self._snapshots, unix_now), recorder)
        async with AsyncExitStack() as stack:
            try:
                where = await stack.enter_async_context(listening(app, at.path, at.host, at.port))
                log.info("admin_listening", at=where)
            except OSError as exc:
                if at.chosen:
                    raise ConfigError(f"--admin {at}: {exc.strerror or exc}") from exc
                log.warning("no_admin", at=str(at), reason=exc.strerror, meaning="this router takes no holds itself")
            yield

    def _open_board(self) -> tuple[Board, Trail]:
        url, refused = self._options.redis_url, self._telemetry.entry_refused
        if url:
            return RedisBoard(url, unix_now, refused), RedisTrail(url, refused)
        return FileBoard(self._options.state, unix_now, refused), FileTrail(self._options.state, refused)

    def _read_admin_keys(self) -> tuple[KeyEntry, ...]:
        """Raises `ConfigError` for a file that is none, and for a port without one."""
        at, path = self._options.admin, self._options.admin_keys
        if at.host and path is None:
            raise ConfigError(f"--admin {at}: whoever is on this machine can reach it, so it wants --admin-keys FILE")
        return () if path is None else admin_keys(path)

    def _look(self, region: Region, node: Node) -> StatusLook:
        key = self._options.keys[0] if self._options.keys else None

        def sampled(sample: Sample) -> None:
            if self._holding.believes(region, node):
                self._learner.take(sample)
            else:
                self._telemetry.sampled(sample.source, "quarantined")

        def used(name: NodeName, hours: Iterable[tuple[Hour, Figures]]) -> None:
            if self._holding.believes(region, node):
                self._used.take(region.name, name, hours)

        return StatusLook(Watcher(self._router_name, now, key, sampled, used), region, node)

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
