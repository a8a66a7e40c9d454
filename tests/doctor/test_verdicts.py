"""What the router's doctor makes of what it finds: pure functions, by table."""

import errno
from ipaddress import ip_address

import pytest

from autorouter.doctor import certificates, clock, geoip, key, machine, names, port, shared
from autorouter.doctor.asking import Silence
from autorouter.doctor.certificates import Shown
from autorouter.doctor.endpoints import verdicts as endpoint_verdicts
from autorouter.doctor.nodes import verdict as node_verdict
from autorouter.doctor.shared import Told
from autorouter.wire.finding import Finding, Verdict, exit_code, summary
from tests.doctor.cases import SECRET, only, region, told

DAY = 86_400
OK, WARNING, WRONG, SKIPPED, BROKEN = Verdict


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ((), 0),
        ((OK, SKIPPED), 0),
        ((OK, WARNING), 0),
        ((OK, BROKEN, WARNING), 2),
        ((WRONG, OK), 1),
        ((WRONG, BROKEN), 1),
    ],
)
def test_exit_codes(verdicts, code):
    assert exit_code(Finding("a", each, "") for each in verdicts) == code


def test_the_worst_is_counted_first():
    findings = [Finding("a", each, "") for each in (OK, SKIPPED, WARNING, WRONG, BROKEN, OK)]
    assert summary(findings) == "1 wrong, 1 broken, 1 warning, 2 ok, 1 skipped"


@pytest.mark.parametrize(
    ("secret", "far", "verdict", "says"),
    [
        (SECRET, 3, OK, "1 key, the first signs"),
        (f"{SECRET},{SECRET[::-1]}", 3, OK, "2 keys"),
        ("", 0, WARNING, "not asked to measure"),
        ("", 3, WRONG, "3 nodes on other machines"),
        ("short", 0, WRONG, "at least 32"),
        ("ab" * 16, 0, WRONG, "can be guessed"),
    ],
)
def test_the_shared_key(secret, far, verdict, says):
    finding = key.verdict(secret, far)
    assert finding.verdict is verdict
    assert says in finding.told
    assert ("openssl rand" in finding.fix) is (verdict is not OK)
    assert not secret or secret not in finding.told


@pytest.mark.parametrize(
    ("ahead", "verdict", "says"),
    [
        ({}, SKIPPED, "no other clock"),
        ({"a": 0.4, "b": -0.5}, OK, "2 other clocks agree with this one within 0.7 s"),
        ({"a": 0.0, "b": 0.0, "c": 5.0}, WARNING, "the clock of c is 5 s ahead of this machine's"),
        ({"a": -60.0}, WRONG, "the clock of a is 60 s behind this machine's: good tickets"),
        ({"a": 10.0, "b": 10.2, "c": 9.8}, WARNING, "this machine's clock is 10 s behind the median of 3 others"),
        ({"a": -40.0, "b": -41.0, "c": 0.0}, WRONG, "this machine's clock is 40 s ahead of the median of 3 others"),
    ],
)
def test_clocks(ahead, verdict, says):
    finding = only(clock.compared(ahead))
    assert finding.verdict is verdict
    assert says in finding.told


def test_two_clocks_that_differ_each_its_own_way_are_both_named():
    assert told(clock.compared({"a": 40.0, "b": -50.0})) == [
        "the clock of a is 40 s ahead of this machine's: good tickets and tokens are refused",
        "the clock of b is 50 s behind this machine's: good tickets and tokens are refused",
    ]


@pytest.mark.parametrize(
    ("status", "error", "verdict", "says"),
    [(-1, 0, SKIPPED, "does not tell"), (0x40, 0, WARNING, "nothing keeps"), (0x2001, 12_300, OK, "within 12 ms")],
)
def test_what_keeps_the_clock(status, error, verdict, says):
    finding = clock.kept(status, error)
    assert finding.verdict is verdict
    assert says in finding.told


def test_names_that_resolve_are_counted_by_family():
    users = {"a.example": "endpoint of yto-01", "b.example": "agent of yto-01 !"}
    found = {"a.example": [ip_address("192.0.2.1"), ip_address("2001:db8::1")], "b.example": [ip_address("8.8.8.8")]}
    assert told(names.verdicts(users, found), OK) == ["2 of 2 names resolve, 1 of them to IPv6 too"]


def test_a_name_that_is_private_is_wrong_only_where_nobody_allowed_it():
    found = {"a.example": [ip_address("10.0.0.3")]}
    strict = names.verdicts({"a.example": "agent of yto-01 !"}, found)
    assert "a.example (agent of yto-01) is 10.0.0.3, which is private" in told(strict)[0]
    assert "under yto-01 in regions.yaml" in strict[0].fix
    assert told(names.verdicts({"a.example": "agent of yto-01"}, found)) == []


def test_a_name_that_does_not_resolve_hides_no_other():
    users = {"a.example": "endpoint of a", "b.example": "endpoint of b"}
    findings = names.verdicts(users, {"a.example": "Name or service not known", "b.example": "timed out"})
    assert len(told(findings)) == 2


@pytest.mark.parametrize(
    ("shown", "verdict", "says"),
    [
        (Shown(90 * DAY), OK, "1 certificates are good; the first to end is h's, in 90 days"),
        (Shown(20 * DAY), WARNING, "ends in 20.0 days"),
        (Shown(2 * DAY), WRONG, "ends in 2.0 days"),
        (Shown(-12 * DAY, "certificate has expired"), WRONG, "ended 12 days ago"),
        (
            Shown(90 * DAY, "self-signed certificate"),
            WRONG,
            "refuse the certificate of h:443: self-signed certificate",
        ),
        (Shown(None, "no TLS there"), WRONG, "no TLS there"),
        (Shown(None, reached=False), SKIPPED, "1 of 1 cannot be reached: h:443"),
    ],
)
def test_certificates(shown, verdict, says):
    finding = only(certificates.verdicts([("h", 443, shown)], 0.0))
    assert finding.verdict is verdict
    assert says in finding.told
    assert bool(finding.fix) is (verdict in {WARNING, WRONG})


def redis(**more):
    return Told(**{"version": "7.2.4", "round_trip_ms": 0.4, "policy": "noeviction", "used": 1 << 20, "most": 0,
                   "persists": True, **more})  # fmt: skip


@pytest.mark.parametrize(
    ("more", "verdict", "says"),
    [
        ({}, OK, "Redis 7.2.4, 0.4 ms away, 1 MiB used"),
        ({"policy": "allkeys-lru"}, WRONG, "drops keys when its memory is full (allkeys-lru)"),
        ({"version": "5.0.14"}, WRONG, "5.0.14, older than 6.2"),
        ({"used": 95 << 20, "most": 100 << 20}, WRONG, "has used 95% of its 100 MiB"),
        ({"persists": False}, WARNING, "keeps nothing across a restart"),
        ({"persists": None}, OK, "Redis"),
        ({"round_trip_ms": 80.0}, WARNING, "80 ms away, and routers wait for it 200 ms"),
        ({"round_trip_ms": 300.0}, WRONG, "300 ms away"),
        ({"is_replica": True}, WRONG, "is a replica"),
    ],
)
def test_redis(more, verdict, says):
    finding = only(shared.verdicts(redis(**more), "redis-cli"))
    assert finding.verdict is verdict
    assert says in finding.told


@pytest.mark.parametrize(
    ("url", "command"),
    [
        ("redis://user:secret@redis.example:6379/2", "redis-cli -u redis://redis.example:6379/2"),
        ("redis://localhost", "redis-cli -u redis://localhost"),
        ("unix://:secret@/run/redis.sock", "redis-cli -s /run/redis.sock"),
        ("unix:///run/a socket", "redis-cli -s '/run/a socket'"),
    ],
)
def test_a_fix_for_redis_holds_no_password(url, command):
    assert shared.cli(url) == command


@pytest.mark.parametrize(
    ("days", "liars", "verdict"),
    [(1, 0, OK), (60, 4, OK), (61, 0, WARNING), (401, 0, WRONG), (1, 5, WRONG)],
)
def test_databases(days, liars, verdict):
    finding = geoip.verdict("it", days, list(geoip.CANARIES)[:liars], "a fix")
    assert finding.verdict is verdict


@pytest.mark.parametrize(("limit", "verdict"), [(-1, OK), (4096, OK), (4095, WARNING), (1024, WARNING), (256, WRONG)])
def test_open_files(limit, verdict):
    assert machine.files(limit).verdict is verdict


@pytest.mark.parametrize(("mib", "verdict"), [(None, SKIPPED), (100, WARNING), (4000, OK)])
def test_memory(mib, verdict):
    assert machine.memory(mib).verdict is verdict


def test_a_python_or_a_library_that_is_too_old_is_wrong():
    assert "Python is 3.10" in machine.python((3, 10), ()).told
    assert (
        machine.python((3, 11), ("aiohttp 3.9 < 3.14",)).told
        == "libraries are missing or too old: aiohttp 3.9 < 3.14"
    )
    assert machine.python((3, 11), ()).verdict is OK


def test_what_this_program_needs_is_read_from_its_own_package(monkeypatch):
    lines = ["aiohttp>=99.1; extra == 'router'", "nothing-like-it>=1; extra == 'router'", "yarl>=99; extra == 'node'"]
    monkeypatch.setattr(machine, "_requirements", lambda: [*lines, "pyyaml>=6; extra == 'router'"])
    old, missing = machine.outdated()
    assert old.startswith("aiohttp 3.")
    assert old.endswith("< 99.1")
    assert missing == "nothing-like-it (none)"


@pytest.mark.parametrize(
    ("answer", "verdict", "says"),
    [
        ({"ready": True, "fleet_age_s": 0.5, "store_up": True}, OK, "ready, its news 0.5 s old"),
        ({"ready": False, "nodes_unknown": ["yto-01"]}, WARNING, "it has not looked at yto-01"),
        ({"ready": False, "nodes_unknown": []}, WARNING, "it has no fresh news"),
        ({"ready": True, "store_up": False}, WARNING, "cannot reach its Redis"),
    ],
)
def test_a_router_that_answers(answer, verdict, says):
    finding = port.router("http://127.0.0.1:8080", answer)
    assert finding.verdict is verdict
    assert says in finding.told


def test_places_where_nobody_can_listen():
    assert "for root alone" in port.unusable("http://127.0.0.1:80", errno.EACCES, None).told
    assert "EADDRNOTAVAIL" in port.unusable("http://192.0.2.1:80", errno.EADDRNOTAVAIL, None).told
    silent = port.unusable("http://127.0.0.1:80", errno.EADDRINUSE, Silence("late", "late"))
    assert "something that is no router" in silent.told


def test_what_has_its_own_check_is_told_once():
    unresolved = Silence("its name does not resolve", "name")
    yto = region("https://a.example", endpoint="https://b.example")
    assert node_verdict(yto, yto.nodes[0], unresolved, has_key=True).verdict is SKIPPED
    doors = {"https://b.example": frozenset({"yto-01"})}
    assert only(endpoint_verdicts(doors, {"https://b.example": unresolved})).verdict is SKIPPED
