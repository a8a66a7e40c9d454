"""The composition root: the only file that knows everything, and how it starts and stops."""

import asyncio
import os
import signal
import uuid
from collections.abc import Mapping, Sequence
from random import SystemRandom

import structlog
from aiohttp import web
from yarl import URL

from autorouter.wire.key import Key
from autorouter.wire.version import version
from node_agent.api.application import build
from node_agent.api.edge import Edge
from node_agent.api.front import FrontRunner
from node_agent.config import Options, choose, open_catalogue, read_keys, state_at
from node_agent.core.admission import Limits
from node_agent.core.errors import ConfigError, innermost
from node_agent.core.models import FREE, ModelName, ModelSpec, own_names
from node_agent.core.recall import Recall
from node_agent.core.rtts import Rtts
from node_agent.core.units import Seconds
from node_agent.engines import ENGINES, Setting
from node_agent.engines.artefacts import ensure, store_at
from node_agent.runtime.clock import SystemClock
from node_agent.runtime.door import Door
from node_agent.runtime.gate import Gate
from node_agent.runtime.gpus import Gpus
from node_agent.runtime.journal import Journal
from node_agent.runtime.jwks import Jwks
from node_agent.runtime.keyring import Keyring
from node_agent.runtime.ports import Engine
from node_agent.runtime.record import Record
from node_agent.runtime.reporter import Identity, Reporter
from node_agent.runtime.service import Service
from node_agent.runtime.steward import Steward
from node_agent.runtime.survey import Survey
from node_agent.runtime.till import CHANGES_A_SECOND, Till
from node_agent.runtime.warmth import Warmth
from node_agent.telemetry import Gauges, Telemetry

MIB = 1 << 20

DRAIN_S = 30.0
"""For answers under way at shutdown; what supervises processes usually kills after 30 to 90 s."""

CLOSE_S = 1.0
"""For the last bytes of answers that have ended, and for those that were given up."""

_log = structlog.get_logger()


class Agent:
    """One node, wired together."""

    def __init__(
        self, options: Options, models: tuple[ModelSpec, ...], engine: Engine, keys: Sequence[Key] = ()
    ) -> None:
        clock = SystemClock()
        by_name = {model.name: model for model in models}
        gates = _gates(options, models, clock)
        identity = Identity(options.node, options.region, uuid.uuid4().hex, version())
        self.engine = engine
        self.door = Door()
        self.keyring = _keyring(options, clock, own_names(models))
        _warn_of_budgets(self.keyring, models)
        self.till = Till(options.region, by_name, clock, None if options.state is None else Journal(options.state))
        rtts = Rtts(clock.unix() * CHANGES_A_SECOND)
        gauges = Gauges(lambda: {name: gate.load for name, gate in gates.items()}, self.engine.tally, rtts)
        telemetry = Telemetry(by_name, gauges)
        survey = Survey(options.region, keys, rtts, clock, telemetry)
        record = Record(telemetry)
        reporter = Reporter(identity, models, self.engine, gates, self.door, survey, record, self.till)
        idle = Seconds(options.idle_timeout)
        warmth = Warmth(self.engine, clock)
        recall = Recall(options.cache * MIB)
        service = Service(self.engine, warmth, gates, self.door, record, clock, idle, recall)
        self.application = build(
            Edge(
                models=by_name,
                service=service,
                reporter=reporter,
                steward=Steward(self.engine, warmth),
                survey=survey,
                clock=clock,
                metrics=telemetry.page,
                patience=idle,
                deny=telemetry.deny,
                new_id=lambda: uuid.uuid4().hex,
                keyring=self.keyring,
                till=self.till,
                gpus=Gpus(clock),
                runtime=options.engine,
                keys=keys,
                behind_proxy=options.behind_proxy,
            )
        )

    async def run(self) -> None:
        """What has to go on as long as the node serves."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.engine.run())
            group.create_task(self.keyring.run())
            group.create_task(self.till.run())


def _keyring(options: Options, clock: SystemClock, names: Mapping[str, ModelName]) -> Keyring:
    kept = None if options.state is None else options.state / "jwks.json"
    return Keyring(clock, options.keys, None if options.jwks is None else Jwks(options.jwks, kept), names)


def _warn_of_budgets(keyring: Keyring, models: tuple[ModelSpec, ...]) -> None:
    if keyring.has_budgets and all(model.price == FREE for model in models):
        _log.warning("budgets are never spent: no model of this node has a price", models=[m.name for m in models])


def _gates(options: Options, models: tuple[ModelSpec, ...], clock: SystemClock) -> Mapping[ModelName, Gate]:
    patience, draw = Seconds(options.queue_deadline), SystemRandom().random
    return {model.name: Gate(Limits(model.slots, options.queue, patience), clock, draw) for model in models}


async def fetch(options: Options) -> None:
    """Fetch the files of the chosen models, those that are not there."""
    store = store_at(dict(os.environ))
    for model in choose(open_catalogue(options.catalogue), options):
        places = await ensure(model.files, store)
        _log.info("there", model=model.name, files={name: str(place) for name, place in places.items()})


async def serve(options: Options) -> None:
    """Serve until told to stop. Raises `ConfigError` or `ArtefactError` for what the operator must mend."""
    options = options.model_copy(update={"state": state_at(options, os.environ)})
    models = choose(open_catalogue(options.catalogue), options)
    setting = Setting(
        models=models,
        store=store_at(dict(os.environ)),
        triton=options.triton,
        allow_unpatched=options.allow_unpatched_triton,
        pinned=frozenset(map(ModelName, options.pins)),
        memory=options.memory,
    )
    keys = read_keys(os.environ)
    agent = Agent(options, models, ENGINES[options.engine](setting), keys)
    if options.open and not keys:
        _log.warning("without AUTOROUTER_KEY no router on another machine sees this node")
    runner = FrontRunner(agent.application, handler_cancellation=True, access_log=None, shutdown_timeout=CLOSE_S)
    await runner.setup()
    try:
        await _listen(runner, options)
        await _until_stopped(agent, runner)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, options: Options) -> None:
    """Open the port before anything else: a node that starts must be able to say so."""
    try:
        await web.TCPSite(runner, options.host, options.port).start()
    except OSError as exc:
        raise ConfigError(f"cannot listen on {options.host}:{options.port}: {exc.strerror}") from exc
    port = runner.addresses[0][1]
    if options.open and not options.needs_keys:
        _log.warning("open to other machines, without access control", host=options.host)
    _log.info(
        "listening",
        url=str(URL.build(scheme="http", host=options.host, port=port)),
        region=options.region,
        node=options.node,
    )


async def _until_stopped(agent: Agent, runner: web.AppRunner) -> None:
    """Run the engine until the first signal, then drain; a second signal ends the draining."""
    signals: asyncio.Queue[None] = asyncio.Queue()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, signals.put_nowait, None)
    if not agent.keyring.is_open:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, agent.keyring.reload_soon)
    try:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(agent.run())
            await signals.get()
            await _drain(agent.door, signals)
            agent.door.turn_out()
            await runner.cleanup()
            running.cancel()
    except BaseExceptionGroup as group:
        raise innermost(group) from None


async def _drain(door: Door, signals: asyncio.Queue[None]) -> None:
    async with asyncio.TaskGroup() as group:
        draining = group.create_task(door.drain(DRAIN_S))
        impatient = group.create_task(signals.get())
        _log.info("draining", inside=door.inside_now)
        await asyncio.wait((draining, impatient), return_when=asyncio.FIRST_COMPLETED)
        draining.cancel()
        impatient.cancel()
    _log.info("stopping", left_inside=door.inside_now)
