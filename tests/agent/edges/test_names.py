"""By which names a model is known, for how long, and that no name of a client's goes any further."""

import asyncio
from contextlib import asynccontextmanager
from urllib.parse import quote

import pytest
from aiohttp.test_utils import TestClient, TestServer

from node_agent.app import Agent
from node_agent.config import choose, read_catalogue, read_options
from node_agent.core.errors import ConfigError
from node_agent.core.models import ModelState
from node_agent.engines.tenants import Tenants
from node_agent.engines.triton.engine import TritonEngine
from node_agent.engines.triton.sources import Reached
from tests.agent.fake_triton import FakeTriton, answer, listening, text
from tests.agent.scenes import MODEL, asked, catalogue, serving

DAY = 86_400
END = 1_801_353_600
"""2027-01-31, 00:00 UTC."""


def named(**more):
    return {"catalogue": catalogue("a", a=more), "models": ("a",)}


async def test_a_model_is_served_by_its_other_names_and_answers_by_its_own():
    async with serving(**named(aliases=["gpt-4o-mini", "default"])) as node:
        for name in ("a", "default"):
            answer = await node.chat(model=name)
            assert (answer.status, (await answer.json())["model"]) == (200, "a")
        stream = await (await node.chat(model="default", stream=True)).text()
        assert '"model":"a"' in stream
        (shown,) = (await (await node.get("/v1/models")).json())["data"]
        assert (shown["id"], shown["aliases"]) == ("a", ["gpt-4o-mini", "default"])
        assert await (await node.get("/v1/models/default")).json() == shown


@pytest.mark.parametrize(("before", "told"), [(91 * DAY, False), (89 * DAY, True), (1, True)])
async def test_clients_are_told_of_the_end_from_90_days_before(before, told, monkeypatch):
    monkeypatch.setattr("node_agent.runtime.clock.SystemClock.unix", lambda _: END - before)
    async with serving(**named(sunset="2027-01-31")) as node:
        answers = [
            await node.chat(model="a"),
            await node.chat(model="a", stream=True),
            await node.chat(model="a", stop=["x"] * 3, temperature=0),
            await node.get("/v1/models/a"),
        ]
        for each in answers:
            assert each.headers.get("Sunset") == ("Sun, 31 Jan 2027 00:00:00 GMT" if told else None)
            assert each.headers.get("Deprecation") == (f"@{END - 90 * DAY}" if told else None)
            await each.read()
        assert "Sunset" not in (await node.get("/v1/models")).headers


async def test_an_error_about_a_model_that_will_end_tells_of_it_too(monkeypatch):
    monkeypatch.setattr("node_agent.runtime.clock.SystemClock.unix", lambda _: END - 1)
    async with serving(**named(sunset="2027-01-31")) as node:
        answer = await node.chat("word " * 5000, model="a")
        assert (answer.status, "Sunset" in answer.headers) == (400, True)


async def test_after_its_end_a_model_is_not_found_and_the_day_is_named(monkeypatch):
    monkeypatch.setattr("node_agent.runtime.clock.SystemClock.unix", lambda _: END)
    async with serving(**named(sunset="2027-01-31", aliases=["b"])) as node:
        for name in ("a", "b"):
            answer = await node.chat(model=name)
            problem = await answer.json()
            assert (answer.status, problem["code"]) == (404, "model_not_found")
            assert problem["detail"] == "model 'a' ended on 2027-01-31"
        assert (await (await node.get("/v1/models")).json())["data"] == []


def test_a_day_that_is_none_is_named():
    with pytest.raises(ConfigError, match=r"catalogue\.yaml: models\.a\.sunset: "):
        read_catalogue(catalogue("a", a={"sunset": "2027-02-30"}))


WELL = answer(text(b'{"text":"","finish":"length","usage":{}}'))
PATHS = ["..", "../etc", "/etc/passwd", "....//", "a/../b", "..\\x", "%2e%2e", "%2e%2e%2f", "%252e", "~", "."]
ODD = [
    "",
    " ",
    "a b",
    "\0",
    "a\0b",
    "a\nb",
    "\x1b[2J",
    "\u2025",
    "\uff0e\uff0e/",
    "\u202e",
    "日本",
    "é",
    "🎉",
    "a;rm",
    "$(x)",
    "`x`",
    "*",
]
CLOSE = [
    MODEL.upper(),
    MODEL + "/",
    MODEL + " ",
    MODEL + "\0",
    "./" + MODEL,
    MODEL.replace("-", "_"),
    MODEL[:-1],
    "x" * 300,
    "x" * 5000,
]


class Asked(FakeTriton):
    """Notes which models it is asked about."""

    def __init__(self):
        super().__init__(WELL)
        self.names = set()

    async def RepositoryModelLoad(self, request, context):  # noqa: N802 - the protocol's name
        self.names.add(request.model_name)
        return await super().RepositoryModelLoad(request, context)


@asynccontextmanager
async def over_triton():
    options = read_options({"region": "yto-01"})
    models = choose(read_catalogue(), options)
    triton = Asked()

    class Source:
        owned = False

        @asynccontextmanager
        async def open(self):
            yield Reached(triton.address, None)

    engine = TritonEngine(models, Source(), Tenants(models, frozenset(), None), allow_unpatched=True)
    agent = Agent(options, models, engine)
    async with listening(triton), asyncio.TaskGroup() as group, TestClient(TestServer(agent.application)) as client:
        task = group.create_task(engine.run())
        async with asyncio.timeout(10):
            while engine.standings()[MODEL].state is not ModelState.READY:
                await asyncio.sleep(0.01)
        yield client, triton
        task.cancel()


async def test_triton_never_hears_a_name_that_is_not_in_the_catalogue():
    async with over_triton() as (client, triton):
        triton.asked.clear()
        for name in [*PATHS, *ODD, *CLOSE]:
            answers = [
                await client.post("/v1/chat/completions", json=asked(model=name)),
                await client.post("/v1/models/load", json={"model_name": name}),
                await client.post("/v1/models/load", json={"model_name": name, "force_reload": True}),
                await client.post("/v1/models/unload", json={"model_name": name}),
            ]
            if name.strip("./\\ "):
                answers.append(await client.get(f"/v1/models/{quote(name, safe='')}"))
            for each in answers:
                assert each.status in {400, 404}, (name, each.url, await each.text())
        assert triton.asked == []
        assert triton.names == {"smollm2_135m_instruct"}
