"""The router in a client's place: the first node that answers is passed on as it comes, and nothing is made whole."""

import asyncio
import gzip
import json
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from autorouter.api.onward import passing, room
from autorouter.api.onward.paths import Path
from autorouter.core.fleet import Health, RegionView, Stage
from autorouter.core.holds import Hold, HoldKind
from autorouter.core.names import ModelName
from autorouter.core.units import Unix
from tests.edges.conftest import serving
from tests.edges.test_onward import ASKED, CHAT, HEAR, SECRET, code, form, pieces
from tests.scenes import MONTREAL, TORONTO, VANCOUVER, region

PROXIED = f"{CHAT}?mode=proxy"
NAMES = {"yto-01": TORONTO, "yul-01": MONTREAL, "yvr-02": VANCOUVER}
"""From where the tests ask, in this order."""


class Nodes:
    """One behind each region; `says` answers."""

    def __init__(self):
        self.asked = []
        self.says = {}
        self.ended = asyncio.Event()

    def app(self, name):
        async def answer(request):
            self.asked.append(name)
            says = self.says.get(name, 200)
            if isinstance(says, int):
                return web.json_response({"by": name}, status=says, headers={"Retry-After": "7"})
            try:
                return await says(request)
            finally:
                self.ended.set()

        app = web.Application(client_max_size=64 << 20)
        app.router.add_route("*", "/{path:.*}", answer)
        return app


@asynccontextmanager
async def listening(app):
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def at(name, url, *, private=True, **more):
    """A region whose node is at *url*."""
    view = region(name, NAMES[name], **more)
    return RegionView(replace(view.region, endpoint=url, allow_private=private), view.nodes)


def closed():
    """A URL where nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture
async def nodes(behind):
    found = Nodes()
    async with AsyncExitStack() as stack:
        found.urls = {name: await stack.enter_async_context(listening(found.app(name))) for name in NAMES}
        behind.fleet(*(at(name, url) for name, url in found.urls.items()))
        yield found


async def post(http, path=PROXIED, json=ASKED, **more):
    return await http.post(path, json=json, headers={"Authorization": SECRET, **more.pop("headers", {})}, **more)


async def test_an_answer_is_passed_on_as_it_is(http, nodes):
    packed = gzip.compress(b"a river")

    async def says(_request):
        told = [("X-Mine", "1"), ("X-Mine", "2"), ("Content-Encoding", "gzip"), ("Connection", "X-Hop"),
                ("X-Hop", "1"), ("X-Request-Id", "node-1"), ("Content-Type", "text/odd")]  # fmt: skip
        return web.Response(body=packed, status=418, reason="Odd", headers=told)

    nodes.says["yto-01"] = says
    answer = await post(http)
    assert (answer.status, answer.reason, await answer.read()) == (418, "I'm a Teapot", b"a river")
    assert answer.headers.getall("X-Mine") == ["1", "2"]
    assert answer.headers["Content-Length"] == str(len(packed))
    assert answer.headers["X-Request-Id"] == "node-1"
    assert "X-Hop" not in answer.headers
    assert answer.headers["x-autorouter-region"] == "yto-01"
    assert answer.headers["x-autorouter-attempts"] == "1"
    assert "yto-01 starts first" in answer.headers["x-autorouter-reason"]


async def test_a_node_is_asked_what_the_client_asked_and_told_who_asks(http, nodes):
    seen = {}

    async def says(request):
        seen.update(headers=request.headers, body=await request.json(), path=request.path_qs)
        return web.Response()

    nodes.says["yul-01"] = says
    sent = {"X-Forwarded-For": "203.0.113.9", "Cookie": "a=b", "Connection": "X-Hop", "X-Hop": "1", "X-Own": "é",
            "User-Agent": "mine/1", "X-Request-Id": "r1", "x-request-deadline-ms": "500"}  # fmt: skip
    await post(http, f"{PROXIED}&residency=CA&only=yul-01&budget_ms=900", headers=sent)
    headers = seen["headers"]
    assert seen["body"] == ASKED
    assert seen["path"] == f"{CHAT}?budget_ms=900"
    assert headers["Authorization"] == SECRET
    assert headers["X-Forwarded-For"] == "203.0.113.9"
    assert headers["Via"] == "1.1 autorouter"
    assert (headers["User-Agent"], headers["X-Request-Id"], headers["x-request-deadline-ms"]) == (
        "mine/1",
        "r1",
        "500",
    )
    assert headers["Host"] == nodes.urls["yul-01"].removeprefix("http://")
    assert not {"Cookie", "X-Hop", "Expect"} & headers.keys()


async def test_a_stream_is_passed_on_piece_by_piece(http, nodes):
    heard = asyncio.Event()

    async def says(request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: one\n\n")
        await asyncio.wait_for(heard.wait(), 5)
        await response.write(b"data: two\n\n")
        return response

    nodes.says["yto-01"] = says
    answer = await post(http)
    assert await asyncio.wait_for(answer.content.readany(), 5) == b"data: one\n\n"
    heard.set()
    assert await answer.content.read() == b"data: two\n\n"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_node_that_cannot_is_followed_by_the_next(http, nodes, status):
    nodes.says["yto-01"] = status
    answer = await post(http)
    assert (answer.status, await answer.json()) == (200, {"by": "yul-01"})
    assert nodes.asked == ["yto-01", "yul-01"]
    assert answer.headers["x-autorouter-region"] == "yul-01"
    assert answer.headers["x-autorouter-attempts"] == "2"
    assert answer.headers["x-autorouter-reason"] == f"yto-01 answered {status}; so yul-01"


async def test_so_is_one_that_is_gone_or_breaks_off(http, behind, nodes):
    async def says(request):
        await request.read()
        request.transport.abort()

    nodes.says["yul-01"] = says
    behind.fleet(at("yto-01", closed()), *(at(name, nodes.urls[name]) for name in ("yul-01", "yvr-02")))
    answer = await post(http)
    assert (await answer.json())["by"] == "yvr-02"
    assert answer.headers["x-autorouter-reason"] == "yto-01 refused; yul-01 broke off; so yvr-02"


@pytest.mark.parametrize("status", [200, 202, 304, 400, 401, 402, 404, 408, 500])
async def test_any_other_answer_is_final(http, nodes, status):
    nodes.says["yto-01"] = status
    answer = await post(http, allow_redirects=False)
    assert (answer.status, nodes.asked) == (status, ["yto-01"])


async def test_a_clients_own_rate_is_no_reason_to_go_elsewhere(http, nodes):
    async def says(_request):
        return web.Response(status=429, headers={"x-should-retry": "true", "Retry-After": "9"})

    nodes.says["yto-01"] = says
    answer = await post(http)
    assert (answer.status, answer.headers["Retry-After"], nodes.asked) == (429, "9", ["yto-01"])


def refusal(status, code, *, again, wait="60"):
    """A node that refuses in our nodes' words."""

    async def says(_request):
        told = {"x-should-retry": again, "Retry-After": wait}
        return web.json_response({"code": code, "detail": "no"}, status=status, headers=told)

    return says


@pytest.mark.parametrize(
    ("status", "code", "asked"),
    [
        (502, "engine_failed", 1),
        (503, "odd", 1),
        (504, "odd", 1),
        (429, "rate_limited", 1),
        (429, "over_capacity", 2),
    ],
)
async def test_what_would_fail_everywhere_is_asked_once(http, nodes, status, code, asked):
    nodes.says["yto-01"] = refusal(status, code, again="false")
    answer = await post(http)
    assert (answer.status, len(nodes.asked)) == (status if asked == 1 else 200, asked)
    assert asked == 2 or (await answer.json())["code"] == code
    assert answer.headers["x-autorouter-attempts"] == str(asked)


async def test_where_all_fail_the_one_that_has_room_first_is_passed_on(http, nodes):
    async def says(_request):
        return web.json_response({"error": "full"}, status=429, headers={"retry-after-ms": "120", "Retry-After": "1"})

    nodes.says = {"yto-01": 503, "yul-01": says, "yvr-02": 503}
    answer = await post(http)
    assert (answer.status, await answer.json()) == (429, {"error": "full"})
    assert (answer.headers["retry-after-ms"], answer.headers["Retry-After"]) == ("120", "1")
    assert answer.headers["x-autorouter-attempts"] == "3"
    assert answer.headers["x-autorouter-region"] == "yul-01"


async def test_where_none_can_be_reached_the_router_says_so_and_when_to_come_again(http, behind, nodes):
    behind.fleet(*(at(name, closed()) for name in NAMES))
    answer = await post(http)
    assert await code(answer) == (503, "nodes_unreachable")
    assert "yto-01 refused; yul-01 refused; yvr-02 refused" in (await answer.json(content_type=None))["detail"]
    assert (answer.headers["Retry-After"], answer.headers["x-should-retry"]) == ("1", "true")


async def test_who_has_just_failed_is_asked_last_and_still_asked(http, behind, nodes):
    gone = closed()
    behind.fleet(at("yto-01", gone), at("yul-01", nodes.urls["yul-01"]))
    assert (await post(http)).headers["x-autorouter-attempts"] == "2"
    answer = await post(http)
    assert answer.headers["x-autorouter-attempts"] == "1"
    assert answer.headers["x-autorouter-reason"] == "yto-01 failed a moment ago; yul-01 is next"
    nodes.says["yul-01"] = 503
    answer = await post(http)
    assert (answer.status, answer.headers["x-autorouter-attempts"]) == (503, "2")


@pytest.mark.parametrize(
    ("status", "code", "cools"),
    [
        (429, "over_capacity", True),
        (503, "starting", True),
        (503, "draining", True),
        (503, "engine_unavailable", True),
        (429, "odd", False),
        (504, "engine_silent", False),
    ],
)
async def test_others_are_spared_only_what_would_fail_them_too(http, nodes, status, code, cools):
    nodes.says["yto-01"] = refusal(status, code, again="false" if status == 429 else "true")
    await post(http)
    nodes.says.clear()
    assert (await (await post(http)).json())["by"] == ("yul-01" if cools else "yto-01")


@pytest.mark.parametrize(("path", "sent"), [("", {"x-request-deadline-ms": "1"}), ("&budget_ms=1000", {})])
@pytest.mark.parametrize("refused", [(429, "over_capacity"), (503, "draining")])
async def test_a_deadline_that_cannot_be_met_is_nobody_elses_matter(http, nodes, refused, path, sent):
    nodes.says["yto-01"] = refusal(*refused, again="false" if refused[0] == 429 else "true")
    assert (await post(http, PROXIED + path, headers=sent)).headers["x-autorouter-region"] == "yul-01"
    nodes.says.clear()
    assert (await (await post(http)).json())["by"] == "yto-01"


@pytest.mark.parametrize(("code", "by"), [("over_capacity", "yto-01"), ("engine_unavailable", "yul-01")])
async def test_a_node_that_is_full_of_one_model_is_not_spared_another(http, behind, nodes, code, by):
    two = (ModelName("smollm2"), ModelName("whisper"))
    behind.fleet(*(at(name, url, models=two) for name, url in nodes.urls.items()))
    nodes.says["yto-01"] = refusal(503, code, again="true")
    await post(http)
    nodes.says.clear()
    assert (await (await post(http, json={**ASKED, "model": "whisper"})).json())["by"] == by


async def test_nobody_waits_for_a_node_that_is_found_down(http, behind, nodes):
    there = asyncio.Event()

    async def hangs(request):
        there.set()
        await asyncio.sleep(60)

    nodes.says = {"yto-01": hangs}
    waiting = asyncio.ensure_future(post(http))
    await asyncio.wait_for(there.wait(), 5)
    down = region("yto-01", health=Health.DOWN)
    behind.fleet(RegionView(down.region, down.nodes), at("yul-01", nodes.urls["yul-01"]))
    answer = await asyncio.wait_for(waiting, 5)
    assert (answer.status, answer.headers["x-autorouter-region"]) == (200, "yul-01")
    assert answer.headers["x-autorouter-reason"] == "yto-01 did not answer in time; so yul-01"
    await asyncio.wait_for(nodes.ended.wait(), 5)


HOLD = Hold("yul-01", HoldKind.DRAIN, "ann", "work", Unix(0.0))


@pytest.mark.parametrize("change", ["held", "drained", "moved", "gone"])
async def test_a_region_that_closes_meanwhile_is_not_gone_on_to(http, behind, nodes, change):
    first, second, third = (at(name, nodes.urls[name]) for name in NAMES)
    changed = {
        "held": [RegionView(second.region, second.nodes, (HOLD,))],
        "drained": [RegionView(replace(second.region, stage=Stage.DRAINING), second.nodes)],
        "moved": [RegionView(replace(second.region, endpoint=closed()), second.nodes)],
        "gone": [],
    }

    async def says(_request):
        behind.fleet(first, *changed[change], third)
        return web.Response(status=503)

    nodes.says["yto-01"] = says
    assert (await (await post(http)).json())["by"] == "yvr-02"
    assert nodes.asked == ["yto-01", "yvr-02"]


async def test_what_becomes_of_requests_is_counted(http, nodes):
    nodes.says["yto-01"] = 503
    await post(http)
    await post(http, CHAT, allow_redirects=False)
    page = await (await http.get("/metrics")).text()
    told = {("failed", "yto-01"), ("relayed", "yul-01"), ("redirected", "yto-01")}
    assert all(
        f'autorouter_sent_on_total{{outcome="{outcome}",region="{where}"}} 1.0' in page for outcome, where in told
    )


@pytest.mark.parametrize("length", [None, "1000"])
async def test_an_answer_that_breaks_is_broken_off_and_never_made_whole(http, nodes, length):
    async def says(request):
        response = web.StreamResponse(headers={} if length is None else {"Content-Length": length})
        await response.prepare(request)
        await response.write(b"half of it")
        await asyncio.sleep(0.05)
        request.transport.abort()
        return response

    nodes.says["yto-01"] = says
    answer = await post(http)
    with pytest.raises(aiohttp.ClientPayloadError):
        await answer.read()
    assert nodes.asked == ["yto-01"]
    assert (await http.get("/livez")).status == 200


@pytest.mark.parametrize("begun", [False, True])
async def test_a_client_that_leaves_takes_its_request_to_the_node_along(http, nodes, begun):
    there = asyncio.Event()

    async def says(request):
        if begun:
            response = web.StreamResponse()
            await response.prepare(request)
            await response.write(b"x")
        there.set()
        await asyncio.sleep(60)

    nodes.says["yto-01"] = says
    leaving = asyncio.ensure_future(post(http))
    await asyncio.wait_for(there.wait(), 5)
    assert not nodes.ended.is_set()
    if begun:
        (await leaving).close()
    else:
        leaving.cancel()
    await asyncio.wait_for(nodes.ended.wait(), 5)


async def test_to_who_speaks_http_1_0_a_broken_answer_is_a_reset(http, nodes):
    async def says(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"half of it")
        await asyncio.sleep(0.1)
        request.transport.abort()
        return response

    nodes.says["yto-01"] = says
    reader, writer = await asyncio.open_connection(http._base_url.host, http._base_url.port)
    body = json.dumps(ASKED).encode()
    writer.write(b"POST %s HTTP/1.0\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (PROXIED.encode(), len(body)) + body)
    with pytest.raises(ConnectionResetError):
        await asyncio.wait_for(reader.read(), 5)
    writer.transport.abort()


async def heard(request):
    body = await request.read()
    return web.json_response({"bytes": len(body), "length": request.headers.get("Content-Length")})


async def test_a_recording_flows_through_whole(http, nodes):
    nodes.says = dict.fromkeys(NAMES, heard)
    sent = form(("model", "smollm2"), ("file", "x" * (20 << 20)))
    size = len(sent["data"].getvalue())
    answer = await http.post(f"{HEAR}?mode=proxy", **sent)
    assert await answer.json() == {"bytes": size, "length": str(size)}
    sent = form(("file", "x" * (20 << 20)), ("model", "smollm2"))
    answer = await http.post(f"{HEAR}?mode=proxy", data=pieces(sent["data"].getvalue(), 1), headers=sent["headers"])
    assert (await answer.json())["bytes"] == size
    assert nodes.asked == ["yto-01"] * 2


async def refusing(request):
    await request.read()
    return web.Response(status=503, headers={"Retry-After": "2"})


@pytest.mark.parametrize(("size", "first", "asked"), [(1000, True, 2), (3 << 20, False, 2), (3 << 20, True, 1)])
async def test_what_was_kept_is_sent_again_and_what_flowed_by_is_not(http, nodes, size, first, asked):
    nodes.says["yto-01"] = refusing
    fields = [("model", "smollm2"), ("file", "x" * size)]
    answer = await http.post(f"{HEAR}?mode=proxy", **form(*(fields if first else fields[::-1])))
    assert answer.status == (200 if asked == 2 else 503)
    assert len(nodes.asked) == asked


async def test_a_node_that_is_gone_costs_a_long_recording_nothing(http, behind, nodes):
    nodes.says["yul-01"] = heard
    behind.fleet(at("yto-01", closed()), at("yul-01", nodes.urls["yul-01"]))
    answer = await http.post(f"{HEAR}?mode=proxy", **form(("model", "smollm2"), ("file", "x" * (3 << 20))))
    assert (await answer.json())["bytes"] > 3 << 20


async def test_a_recording_without_an_end_is_told_so(http, nodes):
    nodes.says["yto-01"] = heard
    sent = form(("model", "smollm2"), ("file", "x"))

    async def endless():
        yield sent["data"].getvalue()[:-20]
        async for piece in pieces(b"x" * (1 << 20), 40):
            yield piece

    answer = await http.post(f"{HEAR}?mode=proxy", data=endless(), headers=sent["headers"])
    assert await code(answer) == (413, "body_too_large")


@pytest.mark.parametrize("sent", [100, 2 << 20])
async def test_a_body_that_does_not_come_is_given_up(http, nodes, monkeypatch, sent):
    monkeypatch.setattr(Path, "longest", property(lambda _: 0.5))
    nodes.says["yto-01"] = heard
    told = form(("model", "smollm2"), ("file", "x" * sent))

    async def stuck():
        yield told["data"].getvalue()[:-20]
        await asyncio.sleep(30)

    answer = await http.post(f"{HEAR}?mode=proxy", data=stuck(), headers=told["headers"])
    assert await code(answer) == (408, "body_too_slow")


async def flood(request):
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65_536)


async def test_a_reader_that_stops_is_cut_off_and_its_node_is_free(http, nodes, monkeypatch):
    monkeypatch.setattr(passing, "PATIENCE", 0.3)
    nodes.says["yto-01"] = flood
    reader, writer = await asyncio.open_connection(http._base_url.host, http._base_url.port, limit=1024)
    body = json.dumps(ASKED).encode()
    writer.write(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (PROXIED.encode(), len(body)) + body)
    await asyncio.wait_for(nodes.ended.wait(), 10)
    assert not (await asyncio.wait_for(reader.read(), 5)).endswith(b"0\r\n\r\n")
    writer.transport.abort()


async def test_there_is_an_end_to_how_many_are_relayed_and_redirects_go_on(http, nodes, monkeypatch):
    monkeypatch.setattr(room, "MOST_RELAYED", 1)
    nodes.says["yto-01"] = flood
    first = await post(http)
    answer = await post(http)
    assert await code(answer) == (503, "router_busy")
    assert (answer.headers["Retry-After"], answer.headers["x-should-retry"]) == ("1", "true")
    assert (await post(http, CHAT, allow_redirects=False)).status == 307
    first.close()
    await asyncio.wait_for(nodes.ended.wait(), 5)
    nodes.says.clear()
    assert (await post(http)).status == 200


async def test_who_sends_no_body_takes_nobodys_place(http, nodes, monkeypatch):
    monkeypatch.setattr(room, "MOST_RELAYED", 1)
    reader, writer = await asyncio.open_connection(http._base_url.host, http._base_url.port)
    writer.write(
        b"POST %s HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n" % PROXIED.encode()
    )
    assert b"100 Continue" in await asyncio.wait_for(reader.readline(), 5)
    assert (await post(http)).status == 200
    writer.transport.abort()


async def test_there_is_an_end_to_what_is_held_of_bodies(http, nodes, monkeypatch):
    monkeypatch.setattr(room, "MOST_HELD", 1 << 20)
    answer = await http.post(f"{HEAR}?mode=proxy", **form(("file", "x" * (2 << 20)), ("model", "smollm2")))
    assert await code(answer) == (503, "router_busy")
    for _ in range(3):
        answer = await http.post(f"{HEAR}?mode=proxy", **form(("file", "x" * 900_000), ("model", "smollm2")))
        assert answer.status == 200


async def test_a_private_address_is_connected_to_only_where_regions_yaml_allows_it(http, behind, nodes):
    behind.fleet(at("yto-01", nodes.urls["yto-01"], private=False))
    assert await code(await post(http)) == (503, "nodes_unreachable")
    port = nodes.urls["yto-01"].rpartition(":")[2]
    behind.fleet(at("yto-01", f"http://localhost:{port}", private=False))
    assert await code(await post(http)) == (503, "nodes_unreachable")
    assert nodes.asked == []


def raw(answer):
    """A node that writes *answer* as it stands."""

    async def says(request):
        await request.read()
        request.transport.write(answer)
        await asyncio.sleep(0.05)
        request.transport.abort()
        return web.Response()

    return says


REDIRECT = b"HTTP/1.1 307 Go\r\nLocation: http://evil.example/\r\nContent-Length: 0\r\n\r\n"
UPGRADE = b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
UNSOUND = b"HTTP/1.1 200 OK\r\nX-A: a\x01b\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("answer", [REDIRECT, UPGRADE, UNSOUND])
async def test_what_cannot_be_passed_on_is_a_failed_try(http, nodes, answer):
    nodes.says["yto-01"] = raw(answer)
    told = await post(http, allow_redirects=False)
    assert (told.status, nodes.asked) == (200, ["yto-01", "yul-01"])
    assert told.headers["x-autorouter-reason"].startswith("yto-01 answered ")
    nodes.says = dict.fromkeys(NAMES, raw(answer))
    assert await code(await post(http, allow_redirects=False)) == (503, "nodes_unreachable")


async def test_odd_words_of_a_status_line_are_left_out(http, nodes):
    nodes.says["yto-01"] = raw(b"HTTP/1.1 200 \xffK\r\nContent-Length: 2\r\n\r\nok")
    answer = await post(http)
    assert (answer.status, answer.reason, await answer.read()) == (200, "OK", b"ok")


async def test_a_nodes_cookies_stay_here(http, nodes):
    nodes.says["yto-01"] = raw(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok")
    answer = await post(http)
    assert (await answer.read(), "Set-Cookie" in answer.headers) == (b"ok", False)


async def test_a_job_is_asked_of_the_node_that_has_it(http, nodes):
    async def says(request):
        return web.json_response({"path": request.path_qs, "key": request.headers["Authorization"]}, status=202)

    nodes.says["yvr-02"] = says
    answer = await http.get(f"{HEAR}?job_id=yvr-02.0123", headers={"Authorization": SECRET})
    assert (answer.status, nodes.asked) == (202, ["yvr-02"])
    assert await answer.json() == {"path": f"{HEAR}?job_id=yvr-02.0123", "key": SECRET}


async def test_voices_are_a_nodes_that_has_the_model(http, nodes):
    assert (await (await http.get("/v1/audio/voices?model=smollm2")).json())["by"] == "yto-01"
    assert await code(await http.get("/v1/audio/voices?model=gpt-9")) == (404, "model_not_found")


async def test_no_key_gets_into_a_log_or_a_metric(behind, nodes):
    with capture_logs() as logs:
        async with serving(behind) as http:
            for says in (200, 503, flood):
                nodes.says = dict.fromkeys(NAMES, says)
                (await post(http)).close()
            location = (await post(http, CHAT, allow_redirects=False)).headers["Location"]
            page = await (await http.get("/metrics")).text()
    for secret in (SECRET[7:], location.partition("referral=")[2], "eyJ"):
        assert secret not in page + str(logs)
