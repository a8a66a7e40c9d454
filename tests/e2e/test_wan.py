"""Clients in a world with real delays, of which the database knows the wrong thing: they find their region."""

import asyncio
import json
import os
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from tests.agent.scenes import asked
from tests.e2e.process import BIN
from tests.e2e.wan import sh, wan, why_not
from tests.places import cities, nested

pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

HEARD_S = 3.0
"""Until the router has polled every node, and beliefs know what the nodes told."""

KEY = "a key that everyone here shares and knows"
REGIONS = {
    "lhr": (51.5, -0.1, "GB"), "fra": (50.1, 8.7, "DE"), "mad": (40.4, -3.7, "ES"), "waw": (52.2, 21.0, "PL"),
    "yto": (43.7, -79.4, "CA"), "nyc": (40.7, -74.0, "US"), "sjc": (37.3, -121.9, "US"), "gru": (-23.5, -46.6, "BR"),
}  # fmt: skip
ADDRESSES = {name: f"45.32.{number}.1" for number, name in enumerate(REGIONS, 1)}
HOSTS = {"router": "45.33.0.1", "mislaid": "24.48.0.1", "parisian": "90.0.0.1"} | ADDRESSES

TORONTONIAN = {"yto": 9, "nyc": 22, "sjc": 65, "lhr": 88, "fra": 99, "mad": 105, "waw": 118, "gru": 130}
PARISIAN = {"lhr": 11, "fra": 14, "mad": 24, "waw": 31, "nyc": 78, "yto": 92, "sjc": 145, "gru": 190}
PARIS = nested("FR", 48.85, 2.35, 20)
RTTS = (
    {("mislaid", region): rtt for region, rtt in TORONTONIAN.items()}
    | {("parisian", region): rtt for region, rtt in PARISIAN.items()}
    | {("router", region): 10 for region in REGIONS}
)

REGION = """
  - {{id: {name}, name: {name}, latitude: {latitude}, longitude: {longitude}, country: {country}, tier: metro,
     stage: active, endpoint: "{url}", allow_http: true, nodes: [{{id: {name}, agent: "{url}"}}]}}
"""

CALL = """
import sys, urllib.request
body = sys.argv[2].encode() if len(sys.argv) > 2 else None
request = urllib.request.Request(sys.argv[1], body, {"Content-Type": "application/json"})
sys.stdout.buffer.write(urllib.request.urlopen(request, timeout=20).read())
"""


class World:
    """A router and eight regions, all up, far from each other."""

    def __init__(self, network, router):
        self.network = network
        self.router = router

    async def call(self, host, url, *body):
        """What *host* gets from *url*, over a connection of its own."""
        return await sh(*self.network.command(host, sys.executable, "-c", CALL, url, *body))

    async def route(self, host, query=""):
        return json.loads(await self.call(host, f"{self.router}/v1/route?{query}"))

    async def visit(self, host):
        """One request as a client makes it: asks, goes there, then measures what it was asked to; where it went."""
        told = await self.route(host)
        await self.call(host, told["endpoint"] + "/v1/chat/completions", json.dumps(asked("hello")))
        if "probe" in told:
            await self.call(host, told["probe"]["url"])
        await asyncio.sleep(HEARD_S)
        return told["region"]


@asynccontextmanager
async def started(*command):
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stderr=asyncio.subprocess.PIPE, env=os.environ | {"AUTOROUTER_KEY": KEY}
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        await process.communicate()


@pytest.fixture
async def world(tmp_path):
    entries = [
        REGION.format(name=name, latitude=at[0], longitude=at[1], country=at[2], url=f"http://{ADDRESSES[name]}:8081")
        for name, at in REGIONS.items()
    ]
    config = tmp_path / "regions.yaml"
    config.write_text("regions:" + "".join(entries))
    places = cities(tmp_path / "city.mmdb", {"24.48.0.0/24": PARIS, "90.0.0.0/24": PARIS})
    async with AsyncExitStack() as stack:
        network = await stack.enter_async_context(wan(HOSTS, RTTS))
        for name in REGIONS:
            node = (BIN / "node-agent", "serve", "--engine", "echo", "--region", name, "--open", "--host", "0.0.0.0")
            await stack.enter_async_context(started(*network.command(name, *node)))
        serve = (BIN / "autorouter", "serve", "--open", "--host", HOSTS["router"], "--regions", config)
        await stack.enter_async_context(started(*network.command("router", *serve, "--geoip", places)))
        world = World(network, f"http://{HOSTS['router']}:8080")
        await all_up(world)
        yield world


async def all_up(world):
    async with asyncio.timeout(30):
        while True:
            try:
                told = json.loads(await world.call("router", f"{world.router}/v1/regions"))
            except AssertionError:
                told = {"regions": []}  # does not listen yet
            if sum(each["health"] == "up" for each in told["regions"]) == len(REGIONS):
                return
            await asyncio.sleep(0.2)


async def test_a_client_whose_place_is_wrong_by_an_ocean_is_in_its_region_at_the_third_request(world):
    went = [await world.visit("mislaid") for _ in range(3)]
    assert went[0] in {"lhr", "fra"}  # where the database has it
    assert went[2] == "yto"
    told = await world.route("mislaid", "explain=1")
    ranked = told["explain"]["ranked"]
    measured = {each["region"]: each["measured"]["rtt_ms"] for each in ranked if each.get("measured")}
    assert len(measured) >= 3
    assert all(rtt == pytest.approx(TORONTONIAN[region], rel=0.1, abs=4) for region, rtt in measured.items())


async def test_who_is_where_the_database_says_is_none_the_worse_for_it(world):
    for _ in range(2):
        await world.visit("mislaid")
    assert {await world.visit("parisian") for _ in range(3)} <= {"lhr", "fra"}
    assert (await world.route("parisian"))["region"] == "lhr"
