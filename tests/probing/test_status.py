"""A look at one node, over real sockets: every way a node can be, and every way it can lie."""

import asyncio
import socket
from dataclasses import replace

import pytest
from aiohttp import web

from autorouter.core.fleet import Node
from autorouter.core.names import NodeName, RouterName
from autorouter.core.observation import Outcome
from autorouter.core.used import Figures, Hour
from autorouter.probing.status import MOST_BYTES, StatusLook, Watcher
from autorouter.runtime.clock import now
from tests.fake_node import as_json, fake_node, report
from tests.scenes import region


@pytest.fixture
async def node():
    async with fake_node() as fake:
        yield fake


@pytest.fixture
async def look(node):
    opened = look_at(node.url)
    yield opened
    await opened.close()


def look_at(url, *, allow_private=True, key=None, sampled=list, used=lambda *_: None):
    about = replace(region("yto-01").region, allow_private=allow_private)
    return StatusLook(Watcher(RouterName("r-us"), now, key, sampled, used), about, Node(NodeName("yto-01"), url))


async def found(url, **more):
    look = look_at(url, **more)
    try:
        return await look()
    finally:
        await look.close()


async def test_a_ready_node_tells_its_models_and_the_kernel_the_round_trip(look):
    seen = await look()
    assert seen.outcome is Outcome.READY
    assert [model.name for model in seen.report.models] == ["smollm2"]
    assert 0 < seen.rtt < 50


async def test_the_connection_is_kept_and_each_look_has_a_round_trip_of_its_own(look):
    seen = [await look() for _ in range(5)]
    assert [each.report.seq for each in seen] == [1, 2, 3, 4, 5]
    assert all(each.rtt is not None and each.rtt > 0 for each in seen)


async def test_the_nodes_thinking_time_is_not_its_distance(look, node):
    async def slow(_request):
        await asyncio.sleep(0.2)
        return web.json_response(report())

    node.says = slow
    assert (await look()).rtt < 50


@pytest.mark.parametrize(
    ("health", "outcome"),
    [("starting", Outcome.STARTING), ("degraded", Outcome.DEGRADED), ("draining", Outcome.DRAINING)],
)
async def test_a_nodes_own_word_is_an_outcome(look, node, health, outcome):
    node.says = {"health": health, "reason": "stub restarting"}
    seen = await look()
    assert (seen.outcome, seen.reason) == (outcome, "stub restarting")


@pytest.mark.parametrize(
    ("says", "reason"),
    [
        (500, "answered 500"),
        (404, "answered 404"),
        (b"", "not a node report"),
        (b"<html>hello</html>", "not a node report"),
        (b"[" * 60_000, "not a node report"),
        (b"[1, 2]", "not a node report"),
        (as_json(report(models=[{"name": "a"}])), "models.0"),
        (as_json(report(seq=-1)), "seq"),
        (as_json(report(health="splendid")), "health"),
        (as_json(report(node="../../x")), "node"),
        (as_json(report()).replace(b'"slots": 4', b'"slots": 1e99'), "slots"),
        (as_json(report()).replace(b'"busy": 0', b'"busy": NaN'), "busy"),
        (as_json(report(region="yvr-02")), "claims to be yto-01 in yvr-02"),
        (as_json(report(node="yto-02")), "claims to be yto-02 in yto-01"),
        (b'"' + b"x" * (MOST_BYTES + 1), "more than"),
    ],
)  # fmt: skip
async def test_nonsense_is_garbled_and_says_why(look, node, says, reason):
    node.says = says
    seen = await look()
    assert seen.outcome is Outcome.GARBLED
    assert reason in seen.reason
    assert seen.report is None
    node.says = None
    assert (await look()).outcome is Outcome.READY


async def test_a_nodes_words_are_shown_without_what_a_terminal_would_obey(look, node):
    node.says = {"health": "degraded", "reason": "stub\x1b[2J\r\nINFO all is well"}
    assert (await look()).reason == "stub [2J  INFO all is well"


async def test_fifty_megabytes_are_not_read(look, node):
    written = 0

    async def flood(request):
        nonlocal written
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(50):
            await answer.write(b"x" * 1_000_000)
            written += 1
        return answer

    node.says = flood
    assert (await look()).outcome is Outcome.GARBLED
    assert written < 20


async def test_a_redirect_is_not_followed(look, node):
    async def away(_request):
        raise web.HTTPFound("/elsewhere")

    node.says = away
    assert (await look()).reason == "answered 302 to /v1/node/status"


async def test_a_silent_node_times_out_after_a_second(look, node):
    async def silent(_request):
        await asyncio.sleep(30)

    node.says = silent
    began = now()
    assert (await look()).outcome is Outcome.TIMED_OUT
    assert now() - began < 3


async def test_a_node_that_trickles_times_out_too(look, node):
    async def trickle(request):
        answer = web.StreamResponse()
        await answer.prepare(request)
        for _ in range(100):
            await answer.write(b" ")
            await asyncio.sleep(0.05)
        return answer

    node.says = trickle
    assert (await look()).outcome is Outcome.TIMED_OUT


async def test_nobody_there_is_refused():
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        seen = await found(f"http://127.0.0.1:{reserved.getsockname()[1]}")
    assert (seen.outcome, seen.reason) == (Outcome.REFUSED, "connection refused")
    assert seen.rtt is None


async def test_a_connection_that_is_cut_is_refused(look, node):
    async def cut(request):
        request.transport.abort()

    node.says = cut
    assert (await look()).outcome is Outcome.REFUSED


@pytest.mark.parametrize("url", ["http://nowhere.invalid:80", f"http://{'x' * 64}.example", "http://a..example"])
async def test_a_name_that_cannot_be_found_is_unreachable(url):
    assert (await found(url)).outcome in {Outcome.UNREACHABLE, Outcome.TIMED_OUT}


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
async def test_a_private_target_is_not_even_connected_to_unless_allowed(node, name):
    port = node.url.rpartition(":")[2]
    seen = await found(f"http://{name}:{port}", allow_private=False)
    assert seen.outcome is Outcome.UNREACHABLE
    assert "allow_private" in seen.reason
    assert node.asked == 0


async def test_what_speaks_no_http_is_garbled_or_reset():
    async def babble(_reader, writer):
        writer.write(b"220 mail ready\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server:
        seen = await found(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    assert seen.outcome in {Outcome.GARBLED, Outcome.REFUSED}


async def test_usage_is_asked_for_only_of_a_node_that_keeps_any_and_by_cursor(node):
    asked, told = [], []

    async def older(request):
        asked.append(dict(request.query))
        return web.json_response(report())

    row = {"hour": 3600, "region": "yto-01", "key": "acme", "model": "smollm2", "requests": 2, "cost_usd": 0.5}

    async def newer(request):
        asked.append(dict(request.query))
        since = int(request.query.get("usage_since", "7"))
        return web.json_response(report(usage=[row] if since < 7 else [], usage_upto=0 if since == 7 else 7))

    look = look_at(node.url, used=lambda *each: told.append(each))
    for node.says in (older, older, newer, newer, newer):
        assert (await look()).outcome is Outcome.READY
    await look.close()
    assert [each.get("usage_since") for each in asked] == [None, None, None, "0", "7"]
    assert [hours for _, hours in told if hours] == [
        ((Hour(3600, "yto-01", "acme", "smollm2"), Figures(2, cost_usd=0.5)),)
    ]
