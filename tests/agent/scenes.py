"""Small builders for the agent's tests: one per noun."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import yaml
from aiohttp import ClientSession, TCPConnector, web
from aiohttp.test_utils import TestClient, TestServer

from autorouter.wire.key import keys as read_keys
from node_agent.api.edge import EDGE
from node_agent.app import Agent
from node_agent.config import choose, read_catalogue, read_options
from node_agent.core.chat import Manner, Message, Prompt, Role
from node_agent.core.models import FREE, ModelName, ModelState
from node_agent.engines.echo import EchoEngine
from node_agent.engines.tenants import Tenants
from node_agent.engines.triton.codecs import codec_of
from node_agent.engines.triton.codecs.tensors import strings

MODEL = "smollm2-135m-instruct"
DEADLINE_S = 10.0


def catalogue(*names, memory=300, **more):
    """A catalogue of so many models alike."""
    model = {
        "kind": "llm",
        "version": "1",
        "slots": 2,
        "context": 2048,
        "threads": 1,
        "memory": memory,
        "licence": "MIT",
    }
    return yaml.safe_dump({"models": {name: {**model, "triton_model": name, **more.get(name, {})} for name in names}})


def asked(text="one two three", **more):
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}


def prompt(text="one two three", **more):
    return Prompt(ModelName(more.pop("model", MODEL)), (Message(Role.USER, text),), Manner(**more))


def codec():
    """The codec of the catalogue's model."""
    return codec_of(read_catalogue()[ModelName(MODEL)])


def told(piece: bytes):
    """The tensors of an answer that is *piece*."""
    return {"piece": strings(piece)}


class Scene:
    """An agent over the echo engine, and a client of it."""

    def __init__(self, agent, client):
        self.agent = agent
        self.engine: EchoEngine = agent.engine
        self.get = client.get
        self.client = client
        self.survey = agent.application[EDGE].survey

    @asynccontextmanager
    async def caller(self, address="127.0.0.1"):
        """A client at *address* with connections of its own; all of 127.0.0.0/8 is this machine."""
        connector = TCPConnector(local_addr=(address, 0))
        async with ClientSession(self.client.make_url("/"), connector=connector) as session:
            yield session

    async def call(self, method, path, address="127.0.0.1", **more):
        """One request over a connection of its own."""
        async with self.caller(address) as session:
            return await session.request(method, path, **more)

    async def rtts(self, since=0):
        return (await (await self.get(f"/v1/node/status?since={since}")).json())["rtts"]

    async def metric(self, name):
        page = await (await self.get("/metrics")).text()
        return next(float(line.rpartition(" ")[2]) for line in page.splitlines() if line.startswith(name + " "))

    async def chat(self, text="one two three", **more):
        return await self.client.post("/v1/chat/completions", json=asked(text, **more))

    async def report(self):
        return await (await self.get("/v1/node/status")).json()

    async def model(self):
        return (await self.report())["models"][0]

    async def load(self):
        """How full it is at this moment; the report's are averages."""
        names = ("busy", "queued")
        return {name: await self.metric(f'autorouter_node_{name}_requests{{model="{MODEL}"}}') for name in names}

    async def states(self):
        """How each model stands, in the order in which they are offered."""
        return [model["state"] for model in (await self.report())["models"]]

    async def until(self, claim):
        """Ask until *claim* holds of how the model stands and how full it is at this moment."""
        async with asyncio.timeout(DEADLINE_S):
            while not claim(await self.model() | await self.load()):
                await asyncio.sleep(0.005)


@asynccontextmanager
async def serving(
    pace=0.0,
    *,
    running=True,
    wrap=lambda engine: engine,
    keys="",
    host="127.0.0.1",
    peer=None,
    ring=None,
    price=FREE,
    load=0.0,
    catalogue=None,
    **chosen,
) -> AsyncIterator[Scene]:
    """*peer*: the address that every request seems to come from. *keys* are routers', *ring* is the clients' file."""
    options = read_options({"region": "yto-01", "node": "yto-01-a", "engine": "echo", "keys": ring, **chosen})
    models = tuple(replace(model, price=price) for model in choose(read_catalogue(catalogue), options))
    engine = EchoEngine(models, pace, load, Tenants(models, frozenset(options.pins), options.memory))
    agent = Agent(options, models, wrap(engine), read_keys(keys))
    if peer is not None:
        agent.application.middlewares.insert(0, seeming(peer))
    async with asyncio.TaskGroup() as group, TestClient(TestServer(agent.application, host=host)) as client:
        task = group.create_task(agent.run()) if running else None
        await asyncio.sleep(0)
        scene = Scene(agent, client)
        if running and load < DEADLINE_S:
            async with asyncio.timeout(DEADLINE_S):
                while ModelState.LOADING in await scene.states():
                    await asyncio.sleep(0.005)
        yield scene
        if task:
            task.cancel()


def seeming(peer):
    @web.middleware
    async def seem(request, handler):
        return await handler(request.clone(remote=peer))

    return seem


def masked(stream: bytes) -> bytes:
    """A stream without what differs each time."""
    stream = re.sub(rb'"id":"chatcmpl-[0-9a-f]{32}"', b'"id":"ID"', stream)
    return re.sub(rb'"created":\d+', b'"created":0', stream)
