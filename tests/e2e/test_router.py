"""The router as a process, over nodes that are played: how soon it sees, what it survives, what it refuses."""

import asyncio
import contextlib
import re
import signal
import socket
import subprocess
from contextlib import AsyncExitStack

import pytest

from tests.e2e.odd import ODD
from tests.e2e.process import BIN, regions_yaml, router
from tests.fake_node import fake_node
from tests.places import cities, nested, systems
from tests.valkey import running as running_valkey


class Fleet:
    """Played nodes by region, each with its own server that can be taken away."""

    def __init__(self, stack):
        self.stack = stack
        self.nodes = {}
        self.exits = {}

    async def add(self, region):
        exits = AsyncExitStack()
        node = await exits.enter_async_context(fake_node())
        self.stack.push_async_callback(exits.aclose)
        node.says = {"node": region, "region": region}
        self.nodes[region], self.exits[region] = node, exits
        return node

    async def kill(self, region):
        await self.exits[region].aclose()

    def urls(self):
        return {region: node.url for region, node in self.nodes.items()}


@pytest.fixture
async def fleet():
    async with AsyncExitStack() as stack:
        fleet = Fleet(stack)
        for region in ("yto-01", "yul-01", "yvr-02"):
            await fleet.add(region)
        yield fleet


@pytest.fixture
def config(tmp_path, fleet):
    path = tmp_path / "regions.yaml"
    path.write_text(regions_yaml(fleet.urls()))
    return path


def goes_to(region):
    return lambda status, told: status == 200 and told["region"] == region


async def test_a_refused_node_is_out_within_two_and_a_half_seconds(fleet, config):
    async with router(config) as running:
        await running.is_up("yto-01", "yul-01")
        await fleet.kill("yto-01")
        assert await running.until(goes_to("yul-01")) < 2.5 + 0.5  # what asking and a busy machine may add


async def test_a_silent_node_is_out_within_eight_seconds_and_comes_back_slowly(fleet, config):
    async def silent(_request):
        await asyncio.sleep(30)

    async with router(config) as running:
        await running.is_up("yto-01", "yul-01")
        good, fleet.nodes["yto-01"].says = fleet.nodes["yto-01"].says, silent
        assert await running.until(goes_to("yul-01")) < 8.0 + 0.5
        await running.until(lambda _, told: _health(told, "yto-01") == "down", "/v1/regions")
        fleet.nodes["yto-01"].says = good
        assert await running.until(goes_to("yto-01"), within=25) > 4.0


def _health(told, region):
    return next(each["health"] for each in told["regions"] if each["region"] == region)


async def test_a_liar_disturbs_nobody_but_itself(fleet, config):
    fleet.nodes["yto-01"].says = {"node": "yto-01", "region": "yvr-02"}
    fleet.nodes["yul-01"].says = b"x" * 50_000_000
    async with router(config) as running:
        await running.is_up("yvr-02")
        _, told = await running.get("/v1/route?explain=1")
        assert told["region"] == "yvr-02"
        reasons = {each["region"]: each["detail"] for each in told["explain"]["rejected"]}
        assert "claims to be yto-01 in yvr-02" in reasons["yto-01"]
        assert "more than 98304 bytes" in reasons["yul-01"]


async def test_nothing_is_green_before_it_was_looked_at(fleet, config):
    async def late(_request):
        await asyncio.sleep(0.7)

    for node in fleet.nodes.values():
        node.says = late
    async with router(config) as running:
        status, told = await running.get()
        assert status == 503
        assert all("unknown" in each["detail"] for each in told["rejected"])
        assert (await running.get("/readyz?verbose"))[0] == 503


async def test_a_good_reload_is_taken_whole_and_a_broken_one_not_at_all(fleet, config):
    async with router(config) as running:
        await running.is_up("yto-01", "yul-01", "yvr-02")
        good = config.read_text()
        config.write_text(good.replace("stage: active", "stage: actve", 1))
        running.process.send_signal(signal.SIGHUP)
        await running.until(lambda *_: any("did you mean 'active'" in line for line in running.lines))
        assert await running.metric("autorouter_config_last_reload_successful") == 0
        assert goes_to("yto-01")(*await running.get())
        config.write_text(good.replace("stage: active", "stage: draining", 1))
        running.process.send_signal(signal.SIGHUP)
        await running.until(goes_to("yul-01"))
        assert await running.metric("autorouter_config_last_reload_successful") == 1
        await fleet.add("nyc-01")
        config.write_text(regions_yaml(fleet.urls()))
        running.process.send_signal(signal.SIGHUP)
        await running.is_up("nyc-01")


async def test_a_reload_forgets_nothing_about_nodes_that_stay(config):
    async with router(config) as running:
        await running.is_up("yto-01", "yul-01", "yvr-02")
        for _ in range(5):
            running.process.send_signal(signal.SIGHUP)
            assert goes_to("yto-01")(*await running.get())


@pytest.fixture
def places(tmp_path):
    return cities(tmp_path / "city.mmdb")


async def test_geoip_and_proxies_say_where_a_client_is(config, places):
    async with router(config, "--geoip", places) as running:
        await running.is_up("yto-01", "yul-01", "yvr-02")
        told = {who: (await running.get(**{"X-Forwarded-For": who}))[1] for who in ("203.0.113.7", "198.51.100.1")}
        assert {who: each["region"] for who, each in told.items()} == {
            "203.0.113.7": "yvr-02",
            "198.51.100.1": "yul-01",
        }


async def test_without_a_file_the_embedded_databases_are_asked(config):
    async with router(config) as running:
        client = (await running.get("/v1/route?explain=1", **{"X-Forwarded-For": "99.224.0.1"}))[1]["explain"][
            "client"
        ]
        assert {key: client[key] for key in ("network", "country", "asn", "access", "source")} == {
            "network": "99.224.0.0/24",
            "country": "CA",
            "asn": 812,
            "access": "fixed",
            "source": "geoip-city",
        }


async def test_geoip_files_are_read_again_when_they_change_and_kept_when_they_break(config, places, tmp_path):
    who = {"X-Forwarded-For": "203.0.113.7"}
    asn = systems(tmp_path / "asn.mmdb")
    async with router(config, "--geoip", places, "--geoip-asn", asn) as running:
        await running.is_up("yto-01", "yul-01", "yvr-02")
        assert goes_to("yvr-02")(*await running.get(**who))
        cities(tmp_path / "new", {"203.0.113.0/24": nested("CA", 45.5, -73.6, 20)}).rename(places)
        async with asyncio.timeout(15):
            while not goes_to("yul-01")(*await running.get(**who)):
                await asyncio.sleep(0.1)
        asn.write_bytes(b"torn")
        running.process.send_signal(signal.SIGHUP)
        await running.until(lambda *_: any("geoip_reload_failed" in line for line in running.lines))
        assert await running.metric('autorouter_geoip_last_reload_successful{database="asn"}') == 0
        assert await running.metric('autorouter_geoip_last_reload_successful{database="city"}') == 1
        assert (await running.get("/v1/route?explain=1", **who))[1]["explain"]["client"]["asn"] == 64500


async def test_residency_never_yields_another_country(fleet, tmp_path):
    config = tmp_path / "mixed.yaml"
    config.write_text(regions_yaml(fleet.urls(), country={"yto-01": "US", "yul-01": "US"}))
    async with router(config) as running:
        await running.is_up("yto-01", "yul-01", "yvr-02")
        assert (await running.get("/v1/route?scope=global"))[1]["region"] == "yto-01"
        status, told = await running.get("/v1/route?residency=CA")
        assert (status, told["region"], told["alternates"]) == (200, "yvr-02", [])
        await fleet.kill("yvr-02")
        await running.until(lambda status, _: status == 503, "/v1/route?residency=CA")


async def test_two_routers_know_what_either_sees(fleet, config, tmp_path, valkey):
    valkey.flush()
    blind = tmp_path / "blind.yaml"
    with contextlib.ExitStack() as reserved:
        nowhere = {region: f"http://127.0.0.1:{closed_port(reserved)}" for region in fleet.urls()}
        blind.write_text(regions_yaml(nowhere))
        async with router(config, "--redis", valkey.url) as seeing, router(blind, "--redis", valkey.url) as other:
            await seeing.is_up("yto-01", "yul-01", "yvr-02")
            await other.is_up("yto-01", "yul-01", "yvr-02")
            assert (await other.get())[1]["region"] == "yto-01"


def closed_port(reserved):
    """A port that is taken and that nobody listens on."""
    taken = reserved.enter_context(socket.socket())
    taken.bind(("127.0.0.1", 0))
    return taken.getsockname()[1]


async def asking(running, results, stop):
    while not stop.is_set():
        try:
            status, told = await running.get()
            results.append(status == 200 and told["region"] == "yto-01")
        except Exception as exc:  # noqa: BLE001 - whatever it is, it is a failed answer
            results.append(repr(exc))


@pytest.mark.parametrize("fault", ["kill", "pause", "flush", "poison"])
async def test_redis_may_do_what_it_likes_under_load(config, tmp_path, fault):
    with running_valkey(tmp_path) as valkey:
        async with router(config, "--redis", valkey.url) as running:
            await running.is_up("yto-01", "yul-01", "yvr-02")
            results, stop = [], asyncio.Event()
            async with asyncio.TaskGroup() as tasks:
                for _ in range(4):
                    tasks.create_task(asking(running, results, stop))
                await asyncio.sleep(0.5)
                if fault == "kill":
                    valkey.kill()
                elif fault == "pause":
                    valkey.pause()
                elif fault == "flush":
                    valkey.flush()
                else:
                    with valkey.client() as client:
                        client.flushall()
                        client.set("autorouter:v1:observations", "poison")
                await asyncio.sleep(4)
                if fault == "pause":
                    valkey.resume()
                if fault == "kill":
                    valkey.start()
                await asyncio.sleep(0.5)
                stop.set()
            assert len(results) > 200
            assert [result for result in results if result is not True] == []
            assert (await running.get("/readyz?verbose"))[0] == 200


async def test_every_odd_request_gets_one_well_formed_answer_and_none_a_500(config, places):
    async with router(config, "--geoip", places) as running:
        await running.is_up("yto-01")
        for odd in ODD:
            status, length, body = await raw(running.url, odd)
            assert 200 <= status < 500, (odd[:80], status)
            assert odd.startswith(b"HEAD") or length == len(body), (odd[:80], body[:200])
        assert len(set(ODD)) >= 200
        assert await raw(running.url, b"\r\n\r\n") == (0, 0, b""), "nothing asked, nothing answered"
        assert goes_to("yto-01")(*await running.get())
        assert not any("Traceback" in line for line in running.lines)


async def raw(url, request):
    """Status, announced length and body of the answer to *request*, whose sender then says no more but listens."""
    name, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(name, int(port))
    writer.write(request)
    writer.write_eof()
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    if not answer:
        return 0, 0, b""
    length = re.search(rb"\r\ncontent-length: (\d+)", head, re.IGNORECASE)
    return int(head.split(b" ", 2)[1]), int(length[1]) if length else 0, body


async def test_it_ends_at_once_when_told_to(config):
    async with router(config) as running:
        await running.is_up("yto-01")
        running.process.terminate()
        async with asyncio.timeout(5):
            assert await running.process.wait() == 0


def told(*arguments):
    done = subprocess.run(
        [BIN / "autorouter", *map(str, arguments)], capture_output=True, text=True, timeout=30, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_an_address_that_others_reach_needs_an_explicit_word(config):
    code, text = told("serve", "--regions", config, "--host", "0.0.0.0", "--port", "0")
    assert code == 2
    assert "--open" in text
    assert "Traceback" not in text


def test_a_broken_file_stops_the_start_with_its_line(config):
    config.write_text(config.read_text().replace("country: CA\n    tier", "country: UK\n    tier", 1))
    code, text = told("serve", "--regions", config, "--port", "0")
    assert code == 2
    assert "regions[0].country: found 'UK'" in text
    assert "Traceback" not in text
    assert told("check", config)[0] == 2


def test_a_good_file_is_called_good(config):
    assert told("check", config) == (0, "regions.yaml: 3 regions, 3 nodes, all well-formed\n")


def test_a_port_that_is_taken_is_a_sentence(config):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        code, text = told("serve", "--regions", config, "--port", port)
    assert code == 2
    assert text.startswith(f"cannot serve 127.0.0.1:{port}")
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize(("option", "value", "says"), [
    ("--port", "70000", "70000 is not in the range"),
    ("--port", "-1", "-1 is not in the range"),
    ("--redis", "redis://10.255.255.1", "there is no password"),
    ("--geoip", "/nowhere.mmdb", "nowhere.mmdb"),
    ("--geoip", "/dev/null", "/dev/null"),
    ("--geoip-asn", "/dev/null", "/dev/null"),
    ("--redis", "gopher://x", "redis"),
])  # fmt: skip
def test_what_cannot_be_used_is_named_at_the_start(config, option, value, says):
    code, text = told("serve", "--regions", config, "--port", "0", option, value)
    assert code == 2
    assert says in text.lower()
    assert "Traceback" not in text
