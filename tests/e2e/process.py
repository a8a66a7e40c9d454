"""A real `autorouter serve` process, and the regions.yaml that it is given."""

import asyncio
import json
import os
import signal
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

BIN = Path(sys.executable).parent

REGION = """
  - id: {name}
    name: {name}
    latitude: {latitude}
    longitude: {longitude}
    country: {country}
    tier: {tier}
    stage: {stage}
    endpoint: {url}
    allow_http: true
    allow_private: true
    nodes:
      - {{id: {name}, agent: "{url}"}}
"""

HEAD = """
defaults:
  trusted_proxies: [127.0.0.0/8]
networks:
  - {cidr: 127.0.0.0/8, latitude: 43.65, longitude: -79.38, country: CA}
regions:
"""

AT = {"yto-01": (43.65, -79.38), "yul-01": (45.5, -73.57), "yvr-02": (49.28, -123.12), "nyc-01": (40.71, -74.01)}


def regions_yaml(nodes, *, country=None, stage="active", tier="metro"):
    """A file with a region for each of *nodes*: name → agent URL."""
    entries = [
        REGION.format(
            name=name,
            latitude=AT[name][0],
            longitude=AT[name][1],
            country=(country or {}).get(name, "CA"),
            stage=stage,
            tier=tier,
            url=url,
        )
        for name, url in nodes.items()
    ]
    return HEAD + "".join(entries)


class RouterProcess:
    def __init__(self, process, url, lines):
        self.process = process
        self.url = url
        self.lines = lines

    async def get(self, path="/v1/route", **headers):
        """Status and JSON of one request on a connection of its own."""
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session,
            session.get(self.url + path, headers=headers) as answer,
        ):
            return answer.status, await answer.json(content_type=None)

    async def header(self, name, **headers):
        """One header of a route's answer."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/v1/route", headers=headers) as answer:
            return answer.headers[name]

    async def metric(self, line):
        """The value of the sample that *line* begins."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/metrics") as answer:
            for each in (await answer.text()).splitlines():
                if each.startswith(line + " "):
                    return float(each.rpartition(" ")[2])
        return None

    async def until(self, wanted, path="/v1/route", within=15.0):
        """Ask until *wanted* of (status, JSON) holds; how long that took, in seconds."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(within):
            while not wanted(*(await self.get(path))):
                await asyncio.sleep(0.02)
        return loop.time() - began

    async def is_up(self, *regions):
        def up(_status, told):
            return set(regions) <= {each["region"] for each in told["regions"] if each["health"] == "up"}

        await self.until(up, "/v1/regions")


@asynccontextmanager
async def router(config, *options, expect_url=True):
    command = [BIN / "autorouter", "serve", "--regions", config, "--port", "0", *options]
    environment = {key: value for key, value in os.environ.items() if key != "REDIS_URL"}
    # What operators do to one router of a test must not reach another's, nor this machine's own.
    environment |= {"AUTOROUTER_ADMIN": "off", "AUTOROUTER_STATE": str(Path(config).parent / "state")}
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL, env=environment
    )
    lines = []
    listening = asyncio.get_running_loop().create_future()

    async def read():
        async for raw in process.stderr:
            text = raw.decode()
            lines.append(text)
            if '"listening"' in text and not listening.done():
                listening.set_result(json.loads(text)["url"])
        if not listening.done():
            listening.set_result(None)

    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(read())
        try:
            async with asyncio.timeout(20):
                url = await listening
            assert url or not expect_url, lines
            yield RouterProcess(process, url, lines)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
                try:
                    async with asyncio.timeout(10):
                        await process.wait()
                except TimeoutError:
                    process.kill()
                    await process.wait()
                    raise
            await reading
