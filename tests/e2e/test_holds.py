"""Drain and quarantine, with real routers and a real Valkey: what was acknowledged holds, whatever dies."""

import asyncio
import json
import os
import signal
import socket
import stat
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
import pytest

from autorouter.wire.access import digest
from tests.e2e.process import BIN, regions_yaml, router
from tests.fake_node import fake_node
from tests.valkey import running as running_valkey

REGIONS = ("yto-01", "yul-01", "yvr-02")


@pytest.fixture
async def config(tmp_path):
    async with AsyncExitStack() as stack:
        urls = {}
        for region in REGIONS:
            node = await stack.enter_async_context(fake_node())
            node.says = {"node": region, "region": region}
            urls[region] = node.url
        path = tmp_path / "regions.yaml"
        path.write_text(regions_yaml(urls))
        yield path


@pytest.fixture
def valkey(tmp_path):
    with running_valkey(tmp_path) as valkey:
        yield valkey


class Operator:
    """Someone at the command line of a router's machine."""

    def __init__(self, folder):
        self.socket = folder / "admin.sock"
        self.options = ("--admin", f"unix:{self.socket}")

    async def __call__(self, *words, by="alice"):
        """Exit code, and all that is printed."""
        command = [BIN / "autorouter", *words, "--admin", f"unix:{self.socket}"]
        if words[0] != "holds" and "--all" not in words:
            command += ["--by", by]
        process = await asyncio.create_subprocess_exec(
            *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        async with asyncio.timeout(20):
            told, _ = await process.communicate()
        return process.returncode, told.decode()

    async def drains(self, target, *more, by="alice"):
        code, told = await self("drain", target, "--reason", "new switch", *more, by=by)
        assert code == 0, told
        return told


@pytest.fixture
def operator(tmp_path):
    return Operator(tmp_path)


def offers(*regions):
    """Whether an answer's regions are these, in this order."""

    def does(status, told):
        return status == 200 and [told["region"], *(each["region"] for each in told["alternates"])] == list(regions)

    return does


ALL = offers("yto-01", "yul-01", "yvr-02")
DRAINED = offers("yul-01", "yvr-02")


async def killed(router):
    router.process.send_signal(signal.SIGKILL)
    await router.process.wait()


async def test_a_drain_at_one_router_holds_at_the_other_within_two_seconds(config, valkey, operator):
    redis = ("--redis", valkey.url)
    async with router(config, *redis, *operator.options) as a, router(config, *redis) as b:
        await a.until(ALL)
        await b.until(ALL)
        told = await operator.drains("yto-01", "--for", "2h")
        assert DRAINED(*await a.get())
        assert await b.until(DRAINED, within=10) < 2.0
        assert "yto-01 takes no new clients from now on: drained by alice" in told
        assert "clients go to: yul-01, yvr-02" in told
        _, explained = await b.get("/v1/route?explain=1")
        (rejected,) = [each for each in explained["explain"]["rejected"] if each["region"] == "yto-01"]
        assert rejected["rule"] == "hold"
        assert rejected["detail"].startswith("drained by alice until ")
        _, fleet = await b.get("/v1/regions")
        ((hold,),) = [each["holds"] for each in fleet["regions"] if each["region"] == "yto-01"]
        assert (hold["kind"], hold["by"], hold["reason"]) == ("drain", "alice", "new switch")
        assert hold["until"] - hold["since"] == pytest.approx(7200)
        assert await b.metric('autorouter_holds{kind="drain",region="yto-01"}') == 1
        assert await b.metric('autorouter_holds{kind="drain",region="yul-01"}') == 0
        assert any('"held"' in line and "new switch" in line for line in b.lines)


async def test_a_drain_outlives_every_router_that_is_killed(config, valkey, operator):
    redis = ("--redis", valkey.url)
    async with router(config, *redis, *operator.options) as a, router(config, *redis) as b:
        await a.until(ALL)
        await operator.drains("yto-01")
        await killed(a)
        await killed(b)
    async with router(config, *redis, *operator.options) as again:
        seen = []

        def drained(status, told):
            seen.append(told.get("region"))
            return DRAINED(status, told)

        await again.until(drained)
        assert "yto-01" not in seen
        assert stat.S_IMODE(operator.socket.stat().st_mode) == 0o600


async def test_a_drain_outlives_a_redis_that_is_emptied_and_what_was_taken_back_does_not(config, valkey, operator):
    redis = ("--redis", valkey.url)
    async with router(config, *redis, *operator.options) as a, router(config, *redis) as b:
        await a.until(ALL)
        await operator.drains("yto-01")
        await operator.drains("yvr-02")
        await b.until(offers("yul-01"))
        assert (await operator("undrain", "yvr-02"))[0] == 0
        valkey.flush()
        await asyncio.sleep(2.5)
        assert DRAINED(*await a.get())
        assert DRAINED(*await b.get())
        async with router(config, *redis) as c:
            await c.until(DRAINED)


async def test_without_redis_holds_stand_and_none_can_be_set(config, valkey, operator):
    redis = ("--redis", valkey.url)
    async with router(config, *redis, *operator.options) as a:
        await a.until(ALL)
        await operator.drains("yto-01")
        valkey.kill()
        code, told = await operator("drain", "yul-01", "--reason", "x")
        assert code == 2
        assert "nothing was changed" in told
        code, told = await operator("undrain", "yto-01")
        assert code == 2
        assert "nothing was changed" in told
        assert DRAINED(*await a.get())
        valkey.start()
        await asyncio.sleep(2.5)
        assert DRAINED(*await a.get())
        async with router(config, *redis) as b:
            await b.until(DRAINED)


async def test_a_region_that_two_people_drain_is_held_until_both_are_done(config, valkey, operator):
    async with router(config, "--redis", valkey.url, *operator.options) as a:
        await a.until(ALL)
        await operator.drains("yto-01")
        await operator.drains("YTO-01", by="bob")
        code, told = await operator("undrain", "yto-01")
        assert code == 1
        assert "taken back: yto-01, drained by alice" in told
        assert "still held: yto-01, drained by bob" in told
        assert "\n  autorouter undrain yto-01 --by bob\n  autorouter resume yto-01 --all" in told
        assert DRAINED(*await a.get())
        assert "drained by bob" in (await operator("holds"))[1]
        assert [each["by"] for each in json.loads((await operator("holds", "--json"))[1])["holds"]] == ["bob"]
        code, told = await operator("undrain", "yto-01", by="bob")
        assert (code, "takes clients again" in told) == (0, True)
        assert ALL(*await a.get())
        assert (await operator("holds"))[1] == f"nothing is held\ntold by the router at unix:{operator.socket}\n"


async def test_a_hold_ends_by_itself(config, operator):
    async with router(config, *operator.options) as a:
        await a.until(ALL)
        await operator.drains("yto-01", "--for", "1s")
        await a.until(ALL, within=6)
        assert (await operator("holds"))[1] == f"nothing is held\ntold by the router at unix:{operator.socket}\n"


async def test_without_redis_a_drain_outlives_a_kill(config, operator):
    async with router(config, *operator.options) as a:
        await a.until(ALL)
        await operator.drains("yto-01")
        code, told = await operator("quarantine", "yul-01", "--reason", "lies")
        assert code == 0
        assert "not learned" in told
        await killed(a)
    async with router(config, *operator.options) as again:
        await again.until(offers("yvr-02"))
        assert (await operator("resume", "yul-01", "--all"))[0] == 0
        assert DRAINED(*await again.get())
    trail = (config.parent / "state/trail.jsonl").read_text()
    notes = [json.loads(line) for line in trail.splitlines()]
    assert [(each["action"], each["outcome"]) for each in notes] == [
        ("drain", "done"),
        ("quarantine", "done"),
        ("lift any", "done"),
    ]
    assert notes[0]["detail"] == "in the name of alice: new switch"


async def test_what_would_leave_nobody_anything_wants_to_be_forced(config, operator):
    async with router(config, *operator.options) as a:
        await a.until(ALL)
        await operator.drains("yto-01")
        await operator.drains("yul-01")
        code, told = await operator("drain", "yvr-02", "--reason", "x")
        assert code == 2
        assert "no region would be left" in told
        assert told.endswith("fix: say --force if that is what you want\n")
        assert offers("yvr-02")(*await a.get())
        assert "mind: no region would be left" in await operator.drains("yvr-02", "--force")
        assert (await a.get())[0] == 503


IMPOSSIBLE = (
    (("drain", "yto-02", "--reason", "x"), "did you mean 'yto-01'?"),
    (("drain", "yto-01"), "say why with --reason"),
    (("drain", "yto-01", "--reason", " "), "say why with --reason"),
    (("drain", "yto-01", "--reason", "x", "--for", "2 weeks"), "expected a time such as 30m"),
    (("drain", "yto-01", "--reason", "x", "--until", "2020-01-01"), "a time that is over"),
    (("drain", "yto-01", "--reason", "x", "--until", "tomorrow"), "until"),
    (("drain", "yto-01", "--reason", "x", "--until", "2099-01-01", "--for", "1h"), "one of them"),
    (("undrain", "nowhere"), "no region and no node is called 'nowhere'"),
)


async def test_what_cannot_be_is_told_in_a_sentence(config, operator):
    async with router(config, *operator.options):
        for words, expected in IMPOSSIBLE:
            code, told = await operator(*words)
            assert code == 2
            assert expected in told
            assert told.count("\n") <= 1 + ("\nfix: " in told)


async def test_a_router_that_is_not_there_is_told_as_such(operator):
    code, told = await operator("holds")
    assert code == 2
    assert "no router listens at" in told


async def test_a_second_router_at_the_same_socket_says_so_and_a_dead_ones_is_taken_over(config, operator):
    async with router(config, *operator.options) as a:
        async with router(config, *operator.options, expect_url=False) as b:
            await b.process.wait()
            assert b.process.returncode == 2
            assert any("another router listens there" in line for line in b.lines)
        assert (await operator("holds"))[0] == 0
        await killed(a)
    assert operator.socket.exists()
    async with router(config, *operator.options):
        assert (await operator("holds"))[0] == 0
    assert not operator.socket.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_another_user_cannot_ask_even_if_the_socket_lets_it(config):
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        operator = Operator(Path(folder))
        await ask_as_nobody(config, operator)


async def ask_as_nobody(config, operator):
    async with router(config, *operator.options):
        async with asyncio.timeout(10):
            while not operator.socket.exists():
                await asyncio.sleep(0.02)
        operator.socket.chmod(0o666)
        asked = f"""
import os, socket
os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX); s.connect({str(operator.socket)!r})
s.sendall(b"GET /v1/holds HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n"); print(s.recv(999).decode())
"""
        process = await asyncio.create_subprocess_exec(
            "/usr/bin/env", "python3", "-c", asked, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        told, _ = await process.communicate()
    assert b" 403 " in told, told
    assert b"does not run this router" in told


async def test_a_key_that_was_taken_out_counts_no_more_even_while_regions_yaml_is_broken(config, tmp_path):
    key, keys = f"pg_{'A' * 32}", tmp_path / "admin-keys.yaml"
    keys.write_text(f"keys: [{{name: bob, sha256: {digest(key)}, scopes: [admin]}}]")
    with socket.create_server(("127.0.0.1", 0)) as free:
        at = f"127.0.0.1:{free.getsockname()[1]}"
    async with (
        router(config, "--admin", at, "--admin-keys", keys) as a,
        aiohttp.ClientSession(f"http://{at}", headers={"Authorization": f"Bearer {key}"}) as bob,
    ):
        async with asyncio.timeout(10):
            while not any("admin_listening" in line for line in a.lines):
                await asyncio.sleep(0.02)
        assert (await bob.get("/v1/holds")).status == 200
        keys.write_text(f"keys: [{{name: eve, sha256: {digest(key[:-1] + 'Z')}, scopes: [admin]}}]")
        config.write_text("regions: 7")
        a.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(10):
            while not any("config_reload_failed" in line for line in a.lines):
                await asyncio.sleep(0.02)
        assert (await bob.get("/v1/holds")).status == 401
