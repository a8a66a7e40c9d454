"""``autorouter netcheck``: real connections from here, and what they say of the router's choice."""

import asyncio
import socket
import ssl
from contextlib import ExitStack
from dataclasses import replace

import pytest

from autorouter.cli import asking, reaching
from autorouter.cli.reaching import Reached, measure
from autorouter.cli.verdicts import choice, path
from autorouter.core.fleet import Stage
from autorouter.core.place import Coordinates
from autorouter.core.units import Millis
from autorouter.wire.fleet import RegionSeen
from autorouter.wire.route import ClientSeen, Explained, Ranked
from tests.cli.conftest import as_json, command, printed
from tests.doctor.certs import Authority, serving
from tests.scenes import LONDON, MONTREAL, TORONTO, region

HERE = Coordinates(43.65, -79.38)


def at(view, endpoint):
    return replace(view, region=replace(view.region, endpoint=endpoint))


@pytest.fixture
def listening():
    """Makes endpoints that accept."""
    with ExitStack() as stack:

        def one():
            server = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            return "http://{}:{}".format(*server.getsockname())

        yield one


def refusing():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return "http://{}:{}".format(*server.getsockname())


def test_every_region_is_measured_and_has_a_verdict(behind, url, listening):
    behind.fleet(at(region("yto-01", TORONTO), listening()), at(region("yul-01", MONTREAL), refusing()),
                 at(region("lhr-01", LONDON), "http://nowhere.invalid"))  # fmt: skip
    screen = printed(command(url, "netcheck"))
    assert screen.startswith("The router sends you to yto-01 (")
    assert "nothing is faster from here." in screen
    assert "as it should be" in screen
    assert "unreachable: connection refused" in screen
    assert "its name does not resolve" in screen
    told = {each["region"]: each for each in as_json(command(url, "netcheck", "--json"))["regions"]}
    assert (told["yto-01"]["tries"], told["yul-01"]["rtt_ms"]) == (5, None)
    assert 0 < told["yto-01"]["rtt_ms"] < 1000


def test_what_is_planned_is_not_measured(behind, url, listening):
    behind.fleet(at(region("yto-01", TORONTO), listening()), region("nyc-01", stage=Stage.PLANNED))
    assert [each["region"] for each in as_json(command(url, "netcheck", "--json"))["regions"]] == ["yto-01"]


def test_when_nothing_can_be_reached_the_exit_code_is_one(behind, url):
    behind.fleet(at(region("yto-01", TORONTO), refusing()))
    assert printed(command(url, "netcheck"), 1).startswith("No region can be reached from here.\n")
    told = as_json(command(url, "netcheck", "--json", "--report"), 1)
    assert (told["choice"], told["fastest"], told["good"], told["report"]) == (None, None, False, None)


def test_what_was_measured_is_reported_and_the_router_says_what_it_took(behind, url, listening):
    behind.fleet(at(region("yto-01", TORONTO), listening()), at(region("lhr-01", LONDON), listening()))
    screen = " ".join(printed(command(url, "netcheck", "--report")).split())
    assert "faster than light" in screen
    assert "The router took 1 of 2 round trips; refused lhr-01:" in screen


def test_a_connection_that_hangs_ends_in_time(monkeypatch):
    monkeypatch.setattr(reaching, "PATIENCE", 0.2)
    monkeypatch.setattr(reaching, "ALL_WITHIN", 0.5)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        host, port = full.getsockname()
        held = [socket.socket() for _ in range(4)]
        for each in held:
            each.settimeout(0)
            each.connect_ex((host, port))
        ended = []
        found = measure({"a": f"http://{host}:{port}"}, lambda: ended.append(1))
        for each in held:
            each.close()
    assert found["a"].rtt is None
    assert "in time" in found["a"].error


@pytest.mark.parametrize(
    ("certificate", "error"),
    [
        ({}, ""),
        ({"days": -1}, "its certificate is not valid: certificate has expired"),
        ({"name": "elsewhere.example"}, "its certificate is not valid: Hostname mismatch"),
        (None, "it does not speak TLS"),
    ],
)
async def test_where_clients_speak_tls_it_has_to_be_good(tmp_path, monkeypatch, certificate, error):
    authority = Authority(tmp_path)
    monkeypatch.setattr(reaching, "_context", lambda: ssl.create_default_context(cafile=authority.file))
    async with serving(None if certificate is None else authority.context(**certificate)) as port:
        endpoints = {"a": f"https://localhost:{port}"}
        found = (await asyncio.to_thread(measure, endpoints, lambda: None))["a"]
    assert found.error.startswith(error)
    assert (found.rtt is None) is bool(error)
    assert (found.tls is None) is bool(error)


# The verdicts, over round trips that a test makes up.


def seen(name, where=MONTREAL):
    return RegionSeen(region=name, name=name.title(), aliases=(), latitude=where.latitude, longitude=where.longitude,
                      country="CA", tier="metro", stage="active", endpoint=f"https://{name}.example", health="up",
                      reason="", rtt_ms=None, nodes=())  # fmt: skip


def way(name, rtt, where=MONTREAL, radius=0.0, here=HERE):
    reached = Reached(error="its name does not resolve") if rtt is None else Reached(Millis(rtt), 5)
    return path(seen(name, where), reached, here, radius)


def explained(*ranked):
    who = ClientSeen(network=None, latitude=None, longitude=None, radius_km=None, country=None, asn=None,
                     access="fixed", source="networks")  # fmt: skip
    rows = [
        Ranked(region=name, endpoint="", nodes=(), time_to_start_ms=0, rtt_ms=0, rtt_spread_ms=0, rtt_source="",
               wait_ms=wait, headroom=1, abroad=abroad, health="up", why="")
        for name, wait, abroad in ranked
    ]  # fmt: skip
    return Explained(because="", client=who, policy="", revision=1, age_s=0, ranked=tuple(rows), rejected=())


@pytest.mark.parametrize(
    ("rtt", "where", "radius", "verdict"),
    [
        (12.0, MONTREAL, 0, "as it should be"),
        (60.0, MONTREAL, 0, "12.1 times the floor: a detour"),
        (3.0, MONTREAL, 0, "faster than light: it or this machine is not where the router takes it to be"),
        (3.0, MONTREAL, 300, "as it should be"),
        (40.0, TORONTO, 0, "slow for 0 km"),
        (None, TORONTO, 0, "its name does not resolve"),
    ],
)
def test_a_verdict_is_in_words(rtt, where, radius, verdict):
    assert way("x", rtt, where, radius).verdict == verdict


def test_without_a_place_there_is_no_floor():
    found = way("x", 12.0, here=None)
    assert (found.floor, found.verdict) == (None, "reached; how far it is is not known")


A, B = way("yto-01", 11.0), way("yul-01", 5.0)


@pytest.mark.parametrize(
    ("ranked", "paths", "good", "told"),
    [
        ([("yul-01", 0, False), ("yto-01", 0, False)], [A, B], True, "nothing is faster from here."),
        ([("yto-01", 0, False), ("yul-01", 0, False)], [A, B], False, "from here is yul-01 (5.0 ms): 'autorouter"),
        ([("yto-01", 0, False), ("yul-01", 0, False)], [A, way("yul-01", 9.0)], True, "too little to matter."),
        ([("yto-01", 0, False), ("yul-01", 40, False)], [A, B], True, "which has a queue of 40 ms."),
        ([("yto-01", 0, False), ("yul-01", 0, True)], [A, B], True, "which is abroad."),
        ([("yto-01", 0, False)], [A, B], True, "which it does not offer: 'autorouter explain' says why."),
        ([("nyc-01", 0, False)], [A, B], False, "nyc-01, which cannot be reached from here. The fastest is yul"),
        ([], [A, B], False, "The router sends you nowhere"),
        ([("yto-01", 0, False)], [way("yto-01", None)], False, "No region can be reached from here."),
    ],
)  # fmt: skip
def test_the_choice_is_held_against_what_was_measured(ranked, paths, good, told):
    found = choice(explained(*ranked), paths)
    assert told in found.told
    assert found.good is good


def test_the_deadline_of_asking_is_longer_than_that_of_measuring():
    assert reaching.ALL_WITHIN < asking.DEADLINE
