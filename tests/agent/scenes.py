"""Small builders for the agent's tests: one per noun."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp.test_utils import TestClient, TestServer

from node_agent.app import Agent
from node_agent.config import choose, read_catalogue, read_options
from node_agent.core.chat import Message, Prompt, Role, Sampling
from node_agent.core.models import ModelName, ModelState
from node_agent.engines.echo import EchoEngine

MODEL = "smollm2-135m-instruct"
DEADLINE_S = 10.0


def asked(text="one two three", **more):
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}


def prompt(text="one two three", **more):
    return Prompt(ModelName(MODEL), (Message(Role.USER, text),), more.pop("sampling", Sampling()), **more)


class Scene:
    """An agent over the echo engine, and a client of it."""

    def __init__(self, agent, client):
        self.agent = agent
        self.engine: EchoEngine = agent.engine
        self.get = client.get
        self.client = client

    async def chat(self, text="one two three", **more):
        return await self.client.post("/v1/chat/completions", json=asked(text, **more))

    async def report(self):
        return await (await self.get("/v1/node/status")).json()

    async def model(self):
        return (await self.report())["models"][0]

    async def until(self, claim):
        async with asyncio.timeout(DEADLINE_S):
            while not claim(await self.model()):
                await asyncio.sleep(0.005)


@asynccontextmanager
async def serving(pace=0.0, *, running=True, wrap=lambda engine: engine, **chosen) -> AsyncIterator[Scene]:
    options = read_options({"region": "yto-01", "node": "yto-01-a", "engine": "echo", **chosen})
    models = choose(read_catalogue(), options)
    engine = EchoEngine(models, pace)
    agent = Agent(options, models, wrap(engine))
    async with asyncio.TaskGroup() as group, TestClient(TestServer(agent.application)) as client:
        task = group.create_task(agent.engine.run()) if running else None
        await asyncio.sleep(0)
        scene = Scene(agent, client)
        if running:
            await scene.until(lambda model: model["state"] == ModelState.READY)
        yield scene
        if task:
            task.cancel()


def masked(stream: bytes) -> bytes:
    """A stream without what differs each time."""
    stream = re.sub(rb'"id":"chatcmpl-[0-9a-f]{32}"', b'"id":"ID"', stream)
    return re.sub(rb'"created":\d+', b'"created":0', stream)
