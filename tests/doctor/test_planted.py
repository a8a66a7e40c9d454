"""Faults that were planted: real servers, real Valkeys, real files; each gives its sentence and its fix."""

import socket
import time
from contextlib import asynccontextmanager
from email.utils import formatdate

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from netaddr import IPSet

from autorouter.doctor import certificates, clock, endpoints, geoip, machine, names, nodes, port, regions, shared
from autorouter.doctor.asking import ask
from autorouter.doctor.case import Options, opened
from autorouter.location.derive.write import Writer
from autorouter.wire.finding import Verdict
from tests.agent.process import started
from tests.doctor.cases import OTHER, SECRET, case, only, region, told
from tests.doctor.certs import Authority, serving
from tests.e2e.process import regions_yaml
from tests.fake_node import fake_node, report
from tests.places import cities, nested, systems
from tests.valkey import running

MODELS = [report()["models"][0]]


@asynccontextmanager
async def answering(handler, path="/{any:.*}"):
    app = web.Application()
    app.router.add_get(path, handler)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
def own_valkey(tmp_path):
    """One that may be set up as a test likes."""
    with running(tmp_path) as valkey:
        yield valkey


def settings(valkey, **values):
    with valkey.client() as client:
        for name, value in values.items():
            client.config_set(name.replace("_", "-"), value)


async def of_redis(valkey, url=None):
    return only(await shared.check(case(redis_url=url or valkey.url)))


async def test_a_config_that_is_not_well_formed_is_told_with_its_lines(tmp_path):
    file = tmp_path / "regions.yaml"
    file.write_text(regions_yaml({"yto-01": "https://a.example"}).replace("tier: metro", "tier: mteor"))
    finding = only(await regions.check(opened(Options(file))))
    assert finding.verdict is Verdict.WRONG
    assert "regions.yaml:13: regions[0].tier: " in finding.told
    assert finding.fix == f"mend that, then: autorouter check {file}"


async def test_a_config_that_is_not_there_is_told(tmp_path):
    assert "cannot be read" in only(await regions.check(opened(Options(tmp_path / "regions.yaml")))).told


async def test_a_redis_that_is_as_it_should_be(own_valkey):
    settings(own_valkey, appendonly="yes")
    finding = await of_redis(own_valkey)
    assert finding.verdict is Verdict.OK
    assert "kept across restarts" in finding.told


async def test_a_redis_that_drops_keys(own_valkey):
    settings(own_valkey, appendonly="yes", maxmemory_policy="allkeys-lru")
    finding = await of_redis(own_valkey)
    assert finding.verdict is Verdict.WRONG
    assert "allkeys-lru" in finding.told
    assert finding.fix.startswith(f"redis-cli -s {own_valkey.socket} CONFIG SET maxmemory-policy noeviction")


async def test_a_redis_that_keeps_nothing(own_valkey):
    finding = await of_redis(own_valkey)
    assert finding.verdict is Verdict.WARNING
    assert "appendonly yes" in finding.fix


async def test_a_redis_that_is_full(own_valkey):
    with own_valkey.client() as client:
        used = client.info("memory")["used_memory"]
    settings(own_valkey, appendonly="yes", maxmemory=str(used))
    assert "refuses what is beyond" in (await of_redis(own_valkey)).told


async def test_a_redis_that_wants_a_password(own_valkey):
    settings(own_valkey, appendonly="yes", requirepass="secret")
    without = await of_redis(own_valkey)
    wrong = await of_redis(own_valkey, f"unix://:guess@{own_valkey.socket}")
    right = await of_redis(own_valkey, f"unix://:secret@{own_valkey.socket}")
    assert "another password than REDIS_URL has" in without.told
    assert "another password than REDIS_URL has" in wrong.told
    assert "guess" not in wrong.told + wrong.fix
    assert right.verdict is Verdict.OK


async def test_a_redis_whose_user_may_not(own_valkey):
    with own_valkey.client() as client:
        client.acl_setuser("weak", enabled=True, passwords=["+pw"], keys=["*"], commands=["+ping", "+hello"])
    finding = await of_redis(own_valkey, f"unix://weak:pw@{own_valkey.socket}")
    assert "may not do what a router does" in finding.told
    assert "ACL SETUSER" in finding.fix


async def test_a_redis_that_is_gone(tmp_path):
    finding = only(await shared.check(case(redis_url=f"unix://{tmp_path / 'none.sock'}")))
    assert "Redis does not answer" in finding.told


async def test_a_redis_that_is_paused(own_valkey):
    own_valkey.pause()
    began = time.monotonic()
    try:
        finding = await of_redis(own_valkey)
    finally:
        own_valkey.resume()
    assert "Redis does not answer: " in finding.told
    assert time.monotonic() - began < 4.5


async def test_a_redis_that_others_reach_needs_a_password():
    finding = only(await shared.check(case(redis_url="redis://redis.example")))
    assert "there is no password" in finding.told


@pytest.fixture
def authority(tmp_path, monkeypatch):
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    return made


@pytest.mark.parametrize(
    ("kind", "verdict", "says"),
    [
        ({}, Verdict.OK, "certificates are good; the first to end is localhost's, in 90 days"),
        ({"days": 10.5}, Verdict.WARNING, "ends in 10.5 days"),
        ({"days": 1.5}, Verdict.WRONG, "ends in 1.5 days"),
        ({"days": -12.0}, Verdict.WRONG, "ended 12 days ago"),
        ({"own": True, "days": -12.0}, Verdict.WRONG, "ended 12 days ago"),
        ({"own": True}, Verdict.WRONG, "self-signed certificate"),
        ({"name": "other.example"}, Verdict.WRONG, "certificate is not valid for 'localhost'"),
    ],
)
async def test_a_certificate(authority, kind, verdict, says):
    async with serving(authority.context(**kind)) as at:
        finding = only(await certificates.check(case(region(f"https://localhost:{at}"))))
    assert finding.verdict is verdict
    assert says in finding.told


async def test_https_where_nobody_speaks_tls():
    async with serving(None) as at:
        finding = only(await certificates.check(case(region(f"https://localhost:{at}"))))
        silence = await ask(f"https://localhost:{at}/livez")
    assert "no TLS there" in finding.told
    assert silence.cause == "certificate"


async def test_a_certificate_that_is_refused_silences_its_node(authority):
    async with serving(authority.context(own=True)) as at:
        finding = only(await nodes.check(case(region(f"https://localhost:{at}"))))
    assert finding.verdict is Verdict.SKIPPED
    assert "its certificate is not good: self-signed certificate" in finding.told


async def test_a_name_that_does_not_exist():
    there = case(region("http://yto-01.invalid:8443", endpoint="http://localhost:1"))
    finding = only(await names.check(there))
    assert finding.told.startswith("yto-01.invalid (agent of yto-01) does not resolve: ")
    assert finding.fix.startswith("dig +short yto-01.invalid")
    assert only(await nodes.check(there)).verdict is Verdict.SKIPPED


async def test_a_name_that_is_private_here():
    there = case(region("http://localhost:1", allow_private=False))
    assert "which is private" in only(await names.check(there)).told


async def test_a_node_that_is_well():
    async with fake_node() as node:
        node.says = {"agent": nodes.version()}
        finding = only(await nodes.check(case(region(node.url))))
    assert finding.verdict is Verdict.OK
    assert "1 of 1 models loaded" in finding.told


@pytest.mark.parametrize(
    ("says", "verdict", "told_of"),
    [
        ({"region": "yul-01"}, Verdict.WRONG, "is yto-01 in yul-01, not yto-01 in yto-01"),
        ({"node": "other"}, Verdict.WRONG, "is other in yto-01, not yto-01 in yto-01"),
        (404, Verdict.WRONG, "answered 404, and not as a node agent does"),
        (b"<html>", Verdict.WRONG, "answered 200, and not as a node agent does"),
        ({"health": "degraded", "reason": "kokoro failed"}, Verdict.WARNING, "is degraded: kokoro failed"),
        ({"models": [{**MODELS[0], "state": "failed"}]}, Verdict.WARNING, "smollm2 failed"),
        ({"agent": "0.0.1"}, Verdict.WARNING, "yto-01 runs 0.0.1, and this is"),
    ],
)
async def test_a_node_that_is_not(says, verdict, told_of):
    async with fake_node() as node:
        node.says = says
        finding = only(await nodes.check(case(region(node.url))))
    assert finding.verdict is verdict
    assert told_of in finding.told
    assert finding.fix


async def test_a_node_without_a_model_that_was_promised():
    async with fake_node() as node:
        finding = only(await nodes.check(case(region(node.url, models=frozenset({"kokoro"})))))
    assert "lacks kokoro, which regions.yaml promises" in finding.told


async def test_a_node_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        at = server.getsockname()[1]
    finding = only(await nodes.check(case(region(f"http://127.0.0.1:{at}"))))
    assert finding.told == f"yto-01 at http://127.0.0.1:{at}: connection refused"


async def test_a_node_that_never_answers():
    with socket.create_server(("127.0.0.1", 0)) as server:
        finding = only(await nodes.check(case(region(f"http://127.0.0.1:{server.getsockname()[1]}"))))
    assert "no answer within 3 s" in finding.told


async def test_a_node_on_this_machine_with_another_key(monkeypatch):
    monkeypatch.setenv("AUTOROUTER_KEY", OTHER)
    with started("--engine", "echo", ready=False) as node:
        refused = only(await nodes.check(case(region(node.url), secret=SECRET)))
    assert refused.told == f"yto-01 at {node.url} has another AUTOROUTER_KEY than this router: it tells it nothing"
    assert refused.verdict is Verdict.WRONG


async def test_a_node_with_another_key(monkeypatch):
    """Behind a proxy nobody is local, so that this machine too has to show the key."""
    monkeypatch.setenv("AUTOROUTER_KEY", OTHER)
    with started("--engine", "echo", "--behind-proxy", ready=False) as node:
        there = region(node.url)
        refused = only(await nodes.check(case(there, secret=SECRET)))
        without = only(await nodes.check(case(there, secret="")))
        known = only(await nodes.check(case(there, secret=OTHER)))
    assert refused.told == f"yto-01 at {node.url} has another AUTOROUTER_KEY than this router: it tells it nothing"
    assert "has an AUTOROUTER_KEY, and this router has none" in without.told
    assert refused.fix.startswith("export AUTOROUTER_KEY=")
    assert known.verdict in {Verdict.OK, Verdict.WARNING}  # it may be starting yet


async def test_an_endpoint_that_leads_elsewhere():
    async def health(_request):
        return web.json_response({"status": "healthy", "node": "yul-01"})

    async with answering(health) as url:
        own = only(await endpoints.check(case(region(endpoint=url, name="yul-01"))))
        other = only(await endpoints.check(case(region(endpoint=url))))
    assert own.verdict is Verdict.OK
    assert other.told == f"at {url} answers yul-01, expected yto-01"


async def test_an_endpoint_that_is_something_else():
    async def page(_request):
        return web.Response(text="<html>")

    async with answering(page) as url:
        finding = only(await endpoints.check(case(region(endpoint=url))))
    assert "answers something that is no node agent" in finding.told


async def test_clocks_that_are_off():
    async def late(_request):
        return web.Response(headers={"Date": formatdate(time.time() - 100, usegmt=True)})

    async with answering(late) as url:
        findings = await clock.check(case(region(url)))
    assert "the clock of yto-01 is 100 s behind this machine's" in told(findings)[0]


async def test_clocks_that_agree(valkey):
    async with fake_node() as node:
        findings = await clock.check(case(region(node.url), redis_url=valkey.url))
    assert told(findings, Verdict.OK)[0].startswith("2 other clocks agree")


async def test_the_embedded_databases_know_the_canaries():
    findings = await geoip.check(case())
    assert not [each for each in findings if "wrong about" in each.told]


async def test_a_database_that_is_old(tmp_path):
    writer, file = Writer("GeoLite2-City", "tests", int(time.time()) - 500 * 86_400), tmp_path / "city.mmdb"
    for address, (country, _) in geoip.CANARIES.items():
        writer.insert_network(IPSet([address]), nested(country, 1, 1))
    writer.save(file)
    finding = (await geoip.check(case(geoip=file)))[0]
    assert finding.told == f"{file} of places is 500 days old"
    assert finding.verdict is Verdict.WRONG
    assert finding.fix.startswith("--geoip FILE")


async def test_a_database_that_lies(tmp_path):
    file = cities(tmp_path / "city.mmdb", {"0.0.0.0/1": nested("US", 1, 1), "128.0.0.0/1": nested("US", 1, 1)})
    finding = (await geoip.check(case(geoip=file)))[0]
    assert "is wrong about 17 of 20 known networks" in finding.told


async def test_a_database_that_is_none(tmp_path):
    file = tmp_path / "asn.mmdb"
    file.write_bytes(b"nothing of the kind")
    finding = (await geoip.check(case(geoip_asn=file)))[1]
    assert "found no MaxMind database" in finding.told


async def test_a_database_of_another_kind(tmp_path):
    finding = (await geoip.check(case(geoip=systems(tmp_path / "asn.mmdb"))))[0]
    assert "expected one of type 'city'" in finding.told


async def test_a_port_that_something_else_has():
    with socket.create_server(("127.0.0.1", 0)) as server:
        at = server.getsockname()[1]
        finding = only(await port.check(case(port=at)))
    assert f"http://127.0.0.1:{at} is taken by something that is no router" in finding.told
    assert finding.fix.startswith(f"ss -ltnp 'sport = :{at}'")


async def test_a_port_that_is_free():
    with socket.create_server(("127.0.0.1", 0)) as server:
        at = server.getsockname()[1]
    assert "is free" in only(await port.check(case(port=at))).told


async def test_an_address_that_is_not_this_machines():
    assert "EADDRNOTAVAIL" in only(await port.check(case(host="192.0.2.1"))).told


def test_a_state_folder_that_cannot_be_written_to(tmp_path):
    file = tmp_path / "file"
    file.touch()
    assert "cannot be written to: Not a directory" in machine.state(file / "state").told
    assert machine.state(tmp_path / "not" / "yet").verdict is Verdict.OK
    assert list(tmp_path.iterdir()) == [file]
