"""A node agent's status endpoint that says what it is told to say: the other side of the wire, for probe tests."""

import asyncio
import json
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer


def report(node="yto-01", region="yto-01", seq=1, **more):
    model = {"name": "smollm2", "version": "1", "state": "ready", "slots": 4000, "busy": 0, "queued": 0}
    base = {
        "schema": 1,
        "node": node,
        "region": region,
        "boot_id": "b1",
        "seq": seq,
        "health": "ready",
        "agent": "0.1",
    }
    return {**base, "models": [model], **more}


class FakeNode:
    def __init__(self):
        self.seq = 0
        self.asked = 0
        self.says = None
        """What to answer: None for a good report, bytes for a body, an int for a status, a callable for anything."""

    async def status(self, request):
        self.asked += 1
        self.seq += 1
        match self.says:
            case None:
                return web.json_response(report(seq=self.seq))
            case dict():
                return web.json_response(report(seq=self.seq, **self.says))
            case bytes():
                return web.Response(body=self.says, content_type="application/json")
            case int():
                return web.Response(status=self.says, text="no")
            case _:
                return await self.says(request)


@asynccontextmanager
async def fake_node():
    fake = FakeNode()
    app = web.Application()
    app.router.add_get("/v1/node/status", fake.status)
    running = TestServer(app)
    await running.start_server()
    fake.url = str(running.make_url("")).rstrip("/")
    connections = running.handler
    try:
        yield fake
    finally:
        await running.close()
        await asyncio.sleep(0.05)  # a connection may have been accepted while the listener closed
        await connections.shutdown(0)


def as_json(value):
    return json.dumps(value).encode()
