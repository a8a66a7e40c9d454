"""``GET /v1/ping``: who is measured, who is not, and how a browser sees it."""

import time

import pytest

from autorouter.wire.key import Key, slot_at
from node_agent.core.networks import Network
from node_agent.core.rtts import Hop
from node_agent.core.units import Instant, Millis
from tests.agent.scenes import serving

SECRET, OLD = "a-secret-of-the-tests-that-is-long", "an-older-secret-of-theirs-that-is-long"
KEYS = f"{SECRET},{OLD}"
ADDRESS, NETWORK, REGION = "127.5.6.7", "127.5.6.0/24", "yto-01"


class Still:
    """A clock that is set."""

    def __init__(self, unix):
        self.at = unix

    def now(self):
        return Instant(0.0)

    def unix(self):
        return self.at


def ticket(secret=SECRET, network=NETWORK, region=REGION, late=0):
    return Key(secret).ticket(network, region, slot_at(time.time()) - late)


def tickets(fate):
    return f'autorouter_node_tickets_total{{fate="{fate}"}}'


async def test_a_plain_ping_is_answered_and_measures_nobody():
    async with serving(keys=KEYS) as node:
        answer = await node.call("GET", "/v1/ping", ADDRESS)
        assert (answer.status, await answer.read()) == (204, b"")
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Connection" not in answer.headers
        assert await node.rtts() == []


@pytest.mark.parametrize("secret", [SECRET, OLD])
async def test_a_ticket_has_its_connection_measured_and_ended(secret):
    async with serving(keys=KEYS) as node:
        answer = await node.call("GET", "/v1/ping", ADDRESS, params={"ticket": ticket(secret)})
        assert (answer.status, await answer.read(), answer.headers["Connection"]) == (204, b"", "close")
        (rtt,) = await node.rtts()
        assert (rtt["network"], rtt["via"], rtt["n"]) == (NETWORK, "probe", 1)
        assert await node.metric('autorouter_node_rtt_samples_total{via="probe"}') == 1
        assert await node.metric(tickets("counted")) == 1


async def test_a_node_that_starts_or_drains_is_as_far_away():
    async with serving(keys=KEYS, running=False) as node:
        assert (await node.call("GET", "/v1/ping", ADDRESS, params={"ticket": ticket()})).status == 204
        node.agent.door.draining = True
        assert (await node.call("GET", "/v1/ping", "127.9.9.9")).status == 204
        assert len(await node.rtts()) == 1


UNPROVEN = {
    "forged": lambda: ticket("somebody-elses-secret"),
    "expired": lambda: ticket(late=2),
    "of the future": lambda: ticket(late=-3),
    "of another network": lambda: ticket(network="127.5.7.0/24"),
    "of an address": lambda: ticket(network="127.5.6.7/32"),
    "for another region": lambda: ticket(region="yul-01"),
    "in capitals": lambda: ticket().upper(),
    "with more": lambda: ticket() + "0",
    "a bearer": lambda: Key(SECRET).bearer,
    "empty": lambda: "",
    "not ASCII": lambda: "é",
    "long": lambda: "x" * 4000,
}


@pytest.mark.parametrize("made", UNPROVEN.values(), ids=UNPROVEN.keys())
async def test_a_ticket_that_does_not_prove_is_refused_and_counted(made):
    async with serving(keys=KEYS) as node:
        answer = await node.call("GET", "/v1/ping", ADDRESS, params={"ticket": made()})
        problem = await answer.json()
        assert (answer.status, problem["code"], problem["error"]["param"]) == (403, "bad_ticket", "ticket")
        assert answer.headers["Access-Control-Allow-Origin"] == "*", "or a browser's client sees no status"
        assert await node.rtts() == []
        assert await node.metric(tickets("unproven")) == 1


async def test_bytes_that_are_no_text_are_no_ticket():
    async with serving(keys=KEYS) as node:
        answer = await node.get("/v1/ping?ticket=%ff%00")
        assert (answer.status, (await answer.json())["code"]) == (403, "bad_ticket")


async def test_without_a_key_no_ticket_can_be_checked():
    async with serving() as node:
        answer = await node.call("GET", "/v1/ping", ADDRESS, params={"ticket": ticket()})
        assert (answer.status, (await answer.json())["code"]) == (403, "bad_ticket")
        assert await node.metric(tickets("no_key")) == 1


async def test_a_network_counts_once_a_minute_whatever_it_shows():
    """The tickets of the minutes before and after hold too."""
    async with serving(keys=KEYS) as node:
        node.survey._clock = clock = Still(1_800_000_000)
        hop, slot = Hop(Network(NETWORK), Millis(10.0)), slot_at(clock.at)
        shown = [Key(secret).ticket(NETWORK, REGION, slot + off) for secret in (SECRET, OLD) for off in (0, 1, -1)]
        assert [node.survey.probed(each, hop) for each in shown] == ["counted"] + ["replayed"] * 5
        clock.at += 60
        assert node.survey.probed(shown[0], hop) == "counted"
        replayed = await node.call("GET", "/v1/ping", ADDRESS, params={"ticket": shown[0]})
        assert (replayed.status, replayed.headers["Connection"]) == (204, "close")
        assert await node.metric(tickets("replayed")) == 6
        assert [rtt["n"] for rtt in await node.rtts()] == [2]


async def test_a_connection_that_was_used_before_is_not_measured_and_kept():
    async with serving(keys=KEYS) as node, node.caller(ADDRESS) as session:
        await session.get("/v1/models")
        answer = await session.get("/v1/ping", params={"ticket": ticket()})
        assert answer.status == 204
        assert "Connection" not in answer.headers
        assert await node.metric(tickets("unmeasured")) == 1
        assert await node.rtts() == []
        assert (await node.call("GET", "/v1/ping", ADDRESS, params={"ticket": ticket()})).status == 204
        assert len(await node.rtts()) == 1, "what was not measured has used nothing up"


async def test_a_proxy_is_not_measured_for_its_client():
    async with serving(keys=KEYS) as node:
        more = {"params": {"ticket": ticket()}, "headers": {"X-Forwarded-For": "127.5.6.9"}}
        assert (await node.call("GET", "/v1/ping", ADDRESS, **more)).status == 204
        assert await node.metric(tickets("unmeasured")) == 1
        assert await node.rtts() == []
