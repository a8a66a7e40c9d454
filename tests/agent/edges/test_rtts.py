"""What clients' connections tell of round trips, and what routers are handed of it."""

import json
import socket
import struct
from contextlib import contextmanager

import pytest
import uvloop

from autorouter.wire.node import MOST_RTTS, NodeReport
from node_agent.core.networks import Network
from node_agent.core.rtts import Hop
from node_agent.core.units import Millis
from node_agent.runtime.kernel import INFO_BYTES, handshake
from tests.agent.scenes import asked, serving

CHAT = "/v1/chat/completions"


@contextmanager
def connected():
    """Both ends of a TCP connection, the server's first."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
        server.accept()[0] as accepted,
    ):
        yield accepted, client


def test_the_handshake_is_told_until_something_was_sent():
    with connected() as (server, client):
        rtt = struct.unpack_from("I", server.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_BYTES), 68)[0]
        client.sendall(b"a question, which changes nothing")
        server.recv(100)
        assert handshake(server) == rtt / 1000
        server.sendall(b"an answer, whose acknowledgement may be delayed")
        assert handshake(server) is None


class Kernel:
    """Says what it is told to."""

    def __init__(self, smoothed=9000, least=8000, sent=0, length=INFO_BYTES):
        self.info = bytearray(INFO_BYTES)
        for number, at in ((smoothed, 68), (least, 148), (sent, 156)):
            struct.pack_into("I", self.info, at, number)
        self.length = length

    def getsockopt(self, level, option, length, /):
        return bytes(self.info[: self.length])


@pytest.mark.parametrize(
    ("kernel", "told"),
    [
        (Kernel(), 8.0),
        (Kernel(least=0xFFFFFFFF), 9.0),
        (Kernel(smoothed=0), None),
        (Kernel(sent=1), None),
        (Kernel(length=104), None),
        (Kernel(smoothed=60_000_001, least=60_000_001), None),
    ],
)
def test_the_least_is_told_and_what_is_no_round_trip_is_not(kernel, told):
    assert handshake(kernel) == told


def test_what_is_not_tcp_has_no_handshake():
    here, there = socket.socketpair()
    with here, there:
        assert handshake(here) is None


async def one_chat_each_on_two_connections():
    async with serving() as node:
        for address in ("127.5.6.7", "127.5.6.8"):
            async with node.caller(address) as session:
                for _ in range(3):
                    assert (await session.post(CHAT, json=asked())).status == 200
        (rtt,) = await node.rtts()
        assert (rtt["network"], rtt["via"], rtt["n"]) == ("127.5.6.0/24", "served", 2)
        assert 0 < rtt["rtt_ms"] < 100
        assert 0 <= rtt["age_s"] < 10
        assert await node.metric('autorouter_node_rtt_samples_total{via="served"}') == 2
        assert await node.metric('autorouter_node_rtt_networks{via="served"}') == 1
        assert await node.metric('autorouter_node_rtt_networks{via="probe"}') == 0


async def test_a_connection_counts_once_however_often_it_is_used():
    await one_chat_each_on_two_connections()


def test_so_it_is_under_uvloop():
    uvloop.run(one_chat_each_on_two_connections())


async def test_a_connection_that_was_used_before_counts_no_more():
    async with serving() as node, node.caller() as session:
        await session.get("/v1/models")
        await session.post(CHAT, json=asked())
        assert await node.rtts() == []


async def test_only_those_count_who_come_to_be_served():
    async with serving() as node:
        for path in ("/v1/models", "/v1/node/status", "/livez", "/metrics", "/v1/ping", CHAT):
            await node.call("GET", path)
        assert await node.rtts() == []


async def test_who_is_refused_was_as_far_away():
    async with serving(running=False, queue_deadline=0.05) as node:
        assert (await node.call("POST", CHAT, json=asked())).status == 503
        assert [rtt["n"] for rtt in await node.rtts()] == [1]


@pytest.mark.parametrize("header", ["x-forwarded-for", "Forwarded", "Via", "X-Real-IP", "CF-Connecting-IP"])
async def test_whoever_speaks_for_a_client_is_not_measured(header):
    async with serving() as node:
        assert (await node.call("POST", CHAT, json=asked(), headers={header: "192.0.2.1"})).status == 200
        assert await node.rtts() == []


async def test_behind_a_proxy_that_adds_no_header_nobody_is_measured():
    async with serving(
        running=False, queue_deadline=0.05, behind_proxy=True, keys="a-secret-of-the-tests-that-is-long"
    ) as node:
        await node.call("POST", CHAT, json=asked())
        assert node.survey.since(0)[0] == ()


async def test_a_unix_socket_has_no_network():
    async with serving(peer="", running=False, queue_deadline=0.05) as node:
        await node.call("POST", CHAT, json=asked())
        assert node.survey.since(0)[0] == ()


async def test_ipv6_is_told_by_48():
    async with serving(host="::1") as node:
        async with node.caller("::1") as session:
            await session.post(CHAT, json=asked())
        assert [rtt["network"] for rtt in await node.rtts()] == ["::/48"]


def seen(node, *numbers):
    for number in numbers:
        node.survey.served(Hop(Network(f"2001:db8:{number:x}::/48"), Millis(123.456)))


async def test_a_reader_is_handed_what_changed_since_and_who_does_not_ask_nothing():
    async with serving() as node:
        seen(node, 1, 2)
        first = await (await node.get("/v1/node/status?since=0")).json()
        assert [rtt["network"] for rtt in first["rtts"]] == ["2001:db8:1::/48", "2001:db8:2::/48"]
        assert await node.rtts(first["rtts_upto"]) == []
        seen(node, 1)
        (again,) = await node.rtts(first["rtts_upto"])
        assert (again["network"], again["n"]) == ("2001:db8:1::/48", 2)
        assert len(await node.rtts(2**53)) == 2, "a cursor that was never given"
        silent = await node.report()
        assert (silent["rtts"], silent["rtts_upto"]) == ([], 0)


async def test_what_does_not_fit_comes_next_time():
    async with serving() as node:
        seen(node, *range(0x1000, 0x1000 + 2 * MOST_RTTS + 50))
        cursor, pages = 0, []
        while not pages or pages[-1].rtts:
            text = await (await node.get(f"/v1/node/status?since={cursor}")).text()
            assert len(text) < 24_000
            pages.append(NodeReport.model_validate_json(text))
            cursor = pages[-1].rtts_upto
        assert [len(page.rtts) for page in pages] == [MOST_RTTS, MOST_RTTS, 50, 0]
        assert len({rtt.network for page in pages for rtt in page.rtts}) == 2 * MOST_RTTS + 50


@pytest.mark.parametrize("since", ["-1", "", "x", "1.0", "1_0", "+1", " 1", "%D9%A3", "9007199254740993", "9" * 400])
async def test_a_cursor_that_cannot_be_is_refused(since):
    async with serving() as node:
        answer = await node.get(f"/v1/node/status?since={since}")
        problem = await answer.json()
        assert (answer.status, problem["code"], problem["error"]["param"]) == (400, "invalid_value", "since")
        assert len(json.dumps(problem)) < 1000


async def test_a_cursor_given_twice_is_refused():
    async with serving() as node:
        answer = await node.get("/v1/node/status?since=1&since=2")
        assert (answer.status, (await answer.json())["error"]["param"]) == (400, "since")
