"""A router that a test draws up, in a thread beside the command that asks it."""

import asyncio
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from aiohttp import web
from click.testing import CliRunner

from autorouter.api.front import FrontRunner
from autorouter.cli import main
from tests.edges.conftest import Site


@contextmanager
def served(app_of):
    """The URL of the aiohttp application that *app_of* makes."""
    loop, started, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found = []

    async def serve():
        runner = FrontRunner(app_of())
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.append("http://{}:{}".format(*runner.addresses[0]))
        started.set()
        await ended.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    try:
        assert started.wait(10)
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


@contextmanager
def saying(body, status=200, kind="application/json"):
    """The URL of something that answers everything alike; what it was asked is on the server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield "http://{}:{}".format(*server.server_address)
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def command(url, *arguments, **environment):
    """What `autorouter` prints and how it ends."""
    environment = {"AUTOROUTER_URL": url, "COLUMNS": "80", "NO_COLOR": None, "FORCE_COLOR": None, **environment}
    return CliRunner().invoke(main, list(map(str, arguments)), env=environment)


def printed(done, code=0):
    """What it printed for people: no line is longer than 80 columns, nothing is coloured, and it ends with *code*."""
    assert done.exit_code == code, (done.output, done.exception)
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    assert max(map(len, lines), default=0) <= 80, done.stdout
    return "\n".join(line.rstrip() for line in lines)


def as_json(done, code=0):
    """What it printed for programs: one line."""
    assert done.exit_code == code, done.output
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout)


@pytest.fixture
def behind():
    return Site()


@pytest.fixture
def url(behind):
    with served(behind.app) as found:
        yield found
