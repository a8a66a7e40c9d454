"""The admin API: nobody gets in unasked, and everything that is tried is written down."""

import asyncio
import json
import os
import pwd
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import ClientSession, UnixConnector

from autorouter.api.admin import operations
from autorouter.api.admin.guard import GUESSES, Guard
from autorouter.api.admin.holds import HoldsEdge
from autorouter.api.admin.listener import listening
from autorouter.api.admin.record import Recorder
from autorouter.api.admin.site import admin_site
from autorouter.api.front import LINGER
from autorouter.core.errors import StoreError
from autorouter.core.fleet import FleetSnapshot, Stage
from autorouter.core.snapshot import assign
from autorouter.core.units import Unix
from autorouter.runtime.clock import now
from autorouter.runtime.holding import Holding
from autorouter.store.memory_holds import MemoryBoard, MemoryTrail
from autorouter.wire.access import KeyEntry, digest
from tests.scenes import MONTREAL, NEW_YORK, TORONTO, node, region

KEY, OTHER, OLD = (f"pg_{letter * 32}" for letter in "AZQ")
NOON = 1_800_000_000.0
USER = pwd.getpwuid(os.geteuid()).pw_name


class BrokenBoard(MemoryBoard):
    """One that can be told to fail, or to wait."""

    broken = writing = False
    slow = None

    async def write(self, entry):
        self.writing = True
        if self.slow is not None:
            await self.slow.wait()
        return await super().write(entry)

    async def read(self):
        if self.broken:
            raise StoreError("it is gone")
        return await super().read()


class Admin:
    """The admin API over a fleet, and what stands behind it."""

    def __init__(self, behind):
        self.snapshots = behind.snapshots
        self.telemetry = behind.telemetry
        self.board = BrokenBoard({})
        self.trail = MemoryTrail()
        self.now = NOON
        keys = (
            KeyEntry(name="bob", sha256=digest(KEY), scopes=("admin",)),
            KeyEntry(name="eve", sha256=digest(OLD), scopes=("admin",), expires=int(NOON)),
        )
        self.guard = Guard(lambda: Unix(self.now), keys)
        self.holding = Holding(self.board, self.snapshots, self.publish, lambda: Unix(self.now), self.telemetry)
        edge = HoldsEdge(self.holding, self.snapshots, lambda: Unix(self.now))
        recorder = Recorder(self.trail, "r-1", lambda: Unix(self.now), self.telemetry.administered)
        self.app = admin_site(self.guard, edge, recorder)

    def publish(self):
        fleet, holds = self.snapshots.fleet, self.snapshots.holds
        regions, nodes = assign(holds, [view.region for view in fleet.regions])
        views = tuple(
            replace(
                view,
                holds=regions.get(view.region.name, ()),
                nodes=tuple(replace(n, holds=nodes.get(n.node.name, ())) for n in view.nodes),
            )
            for view in fleet.regions
        )
        self.snapshots.fleet = FleetSnapshot(fleet.revision + 1, now(), views)

    async def notes(self):
        return [(each.actor, each.action, each.target, each.outcome) for each in await self.trail.latest(100)]


@pytest.fixture
def admin(behind):
    behind.fleet(
        region("yto-01", TORONTO, nodes=[node("a"), node("b")], aliases=frozenset({"toronto"})),
        region("yul-01", MONTREAL),
        region("nyc-01", NEW_YORK, country="US", models=("whisper",)),
    )
    return Admin(behind)


@asynccontextmanager
async def at_port(admin, **headers):
    async with (
        listening(admin.app, None, "127.0.0.1", 0) as where,
        ClientSession(f"http://{where}", headers=headers) as client,
    ):
        yield client


@pytest.fixture
async def stranger(admin):
    async with at_port(admin) as client:
        yield client


@pytest.fixture
async def bob(admin):
    async with at_port(admin, Authorization=f"Bearer {KEY}") as client:
        yield client


@pytest.fixture
async def socket(admin, tmp_path):
    path = tmp_path / "run/admin.sock"
    async with (
        listening(admin.app, path, "", 0),
        ClientSession("http://localhost", connector=UnixConnector(str(path))) as client,
    ):
        yield client


async def code(answer):
    return answer.status, json.loads(await answer.text())["code"]


def drain(client, target="yto-01", *, kind="drain", reason="new switch", **more):
    return client.put(f"/v1/holds/{target}/{kind}", json={"reason": reason, **more})


# ── Nobody gets in unasked (trust K9) ─────────────────────────────────────────
def every_path(app):
    for route in app.router.routes():
        yield route.method, route.resource.canonical.format(target="yto-01", kind="drain")
    yield from (
        ("GET", "/"),
        ("GET", "/v1/nothing"),
        ("POST", "/v1/holds"),
        ("PUT", "/metrics"),
        ("OPTIONS", "/v1/holds"),
    )


async def test_without_a_key_every_path_is_a_401_the_unknown_ones_too(admin, stranger):
    asked = list(every_path(admin.app))
    known = {each.path.format(target="yto-01", kind="drain") for each in operations.INTERFACE.operations}
    assert known <= {path for _, path in asked}
    for method, path in asked:
        answer = await stranger.request(method, path, json={"reason": "x"} if method == "PUT" else None)
        assert answer.status == 401, (method, path)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert admin.snapshots.holds == ()


@pytest.mark.parametrize(
    "shown",
    [
        f"Bearer {OTHER}",
        f"Bearer {OLD}",
        f"Basic {KEY}",
        KEY,
        f"Bearer {KEY}x",
        f"Bearer {KEY[:-1]}",
        "Bearer",
        "Bearer \udcff",
        f"Bearer {digest(KEY)}",
    ],
)
async def test_a_key_that_does_not_count_is_a_401(stranger, shown):
    assert await code(await stranger.get("/v1/holds", headers={"Authorization": shown})) == (401, "unauthorized")


async def test_a_key_in_the_url_is_not_read(stranger):
    assert (await stranger.get(f"/v1/holds?key={KEY}&access_token={KEY}")).status == 401


@pytest.mark.parametrize(
    "host",
    ["router.example", "127.0.0.1.evil.example", "10.0.0.1", "evil@", "user@localhost", ":@localhost", "[::2]", ""],
)
async def test_another_host_is_a_421_whatever_key_is_shown(bob, host):
    assert await code(await bob.get("/v1/holds", headers={"Host": host})) == (421, "misdirected")


@pytest.mark.parametrize("host", ["localhost", "localhost:8081", "127.0.0.1", "[::1]:8081"])
async def test_this_machine_goes_by_its_usual_names(bob, host):
    assert (await bob.get("/v1/holds", headers={"Host": host})).status == 200


@pytest.mark.parametrize(
    "header", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_a_page_in_a_browser_is_refused_and_no_header_invites_it(bob, header):
    for method in ("GET", "OPTIONS"):
        answer = await bob.request(method, "/v1/holds", headers=header)
        assert await code(answer) == (403, "forbidden")
        assert not [name for name in answer.headers if name.lower().startswith("access-control")]


async def test_wrong_keys_are_bounded_and_hold_no_right_one_up(admin, stranger):
    wrong, right = {"Authorization": f"Bearer {OTHER}"}, {"Authorization": f"Bearer {KEY}"}
    found = [(await stranger.get("/v1/holds", headers=wrong)).status for _ in range(GUESSES + 5)]
    assert found == [401] * GUESSES + [429] * 5
    assert (await stranger.get("/v1/holds", headers=right)).status == 200
    admin.now += 61
    assert (await stranger.get("/v1/holds", headers=wrong)).status == 401


async def test_over_the_socket_the_kernel_says_who_asks(admin, socket):
    assert (await drain(socket)).status == 200
    assert admin.snapshots.holds[0].by == USER


async def test_the_socket_is_its_owners_alone(socket, tmp_path):
    assert (tmp_path / "run/admin.sock").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700


async def test_a_file_that_is_no_socket_is_left_alone(admin, tmp_path):
    path = tmp_path / "precious"
    path.write_text("x")
    with pytest.raises(OSError, match="no socket"):
        async with listening(admin.app, path, "", 0):
            pass
    assert path.read_text() == "x"


# ── Holding ───────────────────────────────────────────────────────────────────
async def test_a_hold_is_told_with_what_it_means(admin, bob):
    told = await (await drain(bob, "toronto", for_s=7200)).json()
    assert told["hold"] == {
        "target": "yto-01",
        "kind": "drain",
        "by": "bob",
        "reason": "new switch",
        "since": NOON,
        "until": NOON + 7200,
    }
    assert told["lapses_s"] == 66.0
    assert told["alternates"] == ["yul-01", "nyc-01"]
    assert (told["lost"], told["shared"]) == ("", "")
    assert await (await bob.get("/v1/holds")).json() == {"holds": [told["hold"]]}


async def test_a_node_is_a_target_too_and_what_it_shares_is_said(admin, bob):
    told = await (await drain(bob, "B")).json()
    assert (told["hold"]["target"], told["shared"]) == ("b", "yto-01")


async def test_a_hold_that_is_set_again_began_when_it_was_first_set(admin, bob):
    await drain(bob)
    admin.now += 60
    told = await (await drain(bob, reason="two switches", until="2027-02-01T08:00Z")).json()
    assert (told["hold"]["since"], told["hold"]["reason"]) == (NOON, "two switches")
    assert len(admin.snapshots.holds) == 1


@pytest.mark.parametrize(
    ("target", "kind", "body", "expected"),
    [
        ("yto-02", "drain", {"reason": "x"}, (404, "unknown_target")),
        ("yto-01", "pause", {"reason": "x"}, (400, "invalid_parameter")),
        ("yto-01", "drain", {}, (400, "invalid_body")),
        ("yto-01", "drain", {"reason": "\n"}, (400, "invalid_body")),
        ("yto-01", "drain", {"reason": "x" * 257}, (400, "invalid_body")),
        ("yto-01", "drain", {"reason": "x", "fro": 1}, (400, "invalid_body")),
        ("yto-01", "drain", {"reason": "x", "for_s": 0}, (400, "invalid_body")),
        ("yto-01", "drain", {"reason": "x", "for_s": 1e12}, (400, "invalid_body")),
        ("yto-01", "drain", {"reason": "x", "for_s": 1, "until": 1_900_000_000}, (400, "invalid_body")),
        ("yto-01", "drain", {"reason": "x", "until": "2026-01-01"}, (400, "invalid_body")),
        ("nyc-01", "drain", {"reason": "x"}, (409, "nothing_left")),
        ("yto-01", "drain", {"reason": "x" * 9000}, (413, "body_too_large")),
    ],
)
async def test_what_cannot_be_held_is_refused_and_written_down(admin, bob, target, kind, body, expected):
    assert await code(await bob.put(f"/v1/holds/{target}/{kind}", json=body)) == expected
    assert admin.snapshots.holds == ()
    ((actor, _, _, outcome),) = await admin.notes()
    assert (actor, outcome) == ("bob", expected[1])


async def test_what_would_be_lost_is_said_and_can_be_forced(admin, bob):
    answer = await (await drain(bob, "nyc-01")).json()
    lost = "no region would be left in US; whisper could be had nowhere"
    assert answer["detail"] == f"nyc-01 is not drained: {lost}"
    assert answer["fix"] == "Say `force` if that is what you want."
    assert (await (await drain(bob, "nyc-01", force=True)).json())["lost"] == lost


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (
            {"reason": "x", "until": "yesterday"},
            "until: found 'yesterday', expected a time such as 2026-12-01T08:00Z",
        ),
        (
            {"reason": "x", "for_s": 1e9},
            "for_s: found 1000000000.0, expected more than 0 seconds, and at most 366 days",
        ),
        ({"reason": "x" * 4000}, "reason: found 'xxx"),
        ({}, "reason: found nothing, expected 1 to 256 letters"),
    ],
)
async def test_what_a_hold_takes_is_said_in_words(bob, body, detail):
    told = (await (await bob.put("/v1/holds/yto-01/drain", json=body)).json())["detail"]
    assert told.startswith(detail)
    assert len(told) < 200


async def test_of_a_region_that_is_only_planned_it_is_said_that_it_has_no_clients_yet(behind):
    behind.fleet(region("yto-01", TORONTO), region("yul-01", MONTREAL, stage=Stage.PLANNED, nodes=[node("c")]))
    async with at_port(Admin(behind), Authorization=f"Bearer {KEY}") as bob:
        told = {name: (await (await drain(bob, name)).json()) for name in ("yul-01", "c")}
        assert [each["planned"] for each in told.values()] == [True, True]
        assert (await (await drain(bob, force=True)).json())["planned"] is False


async def test_while_holds_cannot_be_kept_none_is_changed(admin, bob):
    await drain(bob)
    admin.board.broken = True
    answer = await drain(bob, by="carol")
    assert await code(answer) == (503, "holds_unavailable")
    assert "nothing was changed" in (await answer.json())["detail"]
    assert (await bob.delete("/v1/holds/yto-01")).status == 503
    assert [hold.by for hold in admin.snapshots.holds] == ["bob"]


# ── Taking back ───────────────────────────────────────────────────────────────
async def test_one_takes_ones_own_back_and_is_told_what_still_holds(admin, bob):
    await drain(bob)
    await drain(bob, kind="quarantine")
    await drain(bob, by="carol")
    await drain(bob, "a", by="dave")
    told = await (await bob.delete("/v1/holds/yto-01?kind=drain")).json()
    assert [each["by"] for each in told["lifted"]] == ["bob"]
    assert [(each["target"], each["by"], each["kind"]) for each in told["remaining"]] == [
        ("a", "dave", "drain"),
        ("yto-01", "carol", "drain"),
        ("yto-01", "bob", "quarantine"),
    ]
    told = await (await bob.delete("/v1/holds/yto-01?all=1")).json()
    assert [each["by"] for each in told["remaining"]] == ["dave"]


async def test_what_is_not_held_is_not_held_afterwards(bob):
    assert await (await bob.delete("/v1/holds/yto-01")).json() == {"lifted": [], "remaining": []}


@pytest.mark.parametrize("query", ["kind=pause", "all=yes", "all=1&by=bob", "by=", "any=1", "all=1&all=1"])
async def test_what_cannot_be_taken_back_is_refused(bob, query):
    assert (await bob.delete(f"/v1/holds/yto-01?{query}")).status == 400


async def test_a_hold_of_what_exists_no_more_can_be_taken_back(admin, behind, bob):
    await drain(bob)
    behind.fleet(region("yul-01", MONTREAL))
    assert len((await (await bob.delete("/v1/holds/yto-01")).json())["lifted"]) == 1


# ── The trail ─────────────────────────────────────────────────────────────────
async def test_the_trail_has_who_asked_and_in_whose_name(admin, bob):
    await drain(bob, by="carol")
    await bob.delete("/v1/holds/yto-01?by=carol")
    assert (await bob.get("/v1/holds")).status == 200
    told = await (await bob.get("/v1/audit?limit=1")).json()
    assert [(n["actor"], n["action"], n["detail"]) for n in told["notes"]] == [("bob", "lift any", "carol")]
    assert await admin.notes() == [("bob", "lift any", "yto-01", "done"), ("bob", "drain", "yto-01", "done")]
    assert (await admin.trail.latest(2))[1].detail == "in the name of carol: new switch"


async def test_who_has_no_key_cannot_push_others_off_the_trail(admin, stranger):
    for _ in range(5):
        await drain(stranger)
    assert await admin.notes() == []


async def test_a_key_is_in_no_note_no_metric_and_no_log(admin, bob, capsys):
    await drain(bob)
    await bob.put("/v1/holds/yto-01/drain", json={"reason": "x"}, headers={"Authorization": f"Bearer {OTHER}"})
    told = await (await bob.get("/v1/audit")).text()
    printed = "".join(capsys.readouterr())
    assert "admin" in printed
    for key in (KEY, OTHER, digest(KEY)):
        assert key not in told + printed


@pytest.mark.parametrize("limit", ["0", "1001", "-1", "x", "1" * 5000, "\u0661"])
async def test_a_limit_is_a_small_number(bob, limit):
    assert (await bob.get("/v1/audit", params={"limit": limit})).status in {400, 414}


async def test_requests_are_counted_by_how_they_ended(admin, bob, stranger):
    await drain(bob)
    await drain(stranger)
    await drain(bob, "nowhere")
    value = admin.telemetry.registry.get_sample_value
    for outcome in ("done", "unauthorized", "unknown_target"):
        assert value("autorouter_admin_requests_total", {"outcome": outcome}) == 1


async def test_what_was_begun_is_done_and_written_down_whoever_hangs_up(admin, bob):
    admin.board.slow = asyncio.Event()
    asking = asyncio.ensure_future(drain(bob))
    while not admin.board.writing:
        await asyncio.sleep(0.01)
    asking.cancel()
    await asyncio.wait([asking])
    await asyncio.sleep(3 * LINGER)
    admin.board.slow.set()
    async with asyncio.timeout(10):
        while not await admin.notes():
            await asyncio.sleep(0.01)
    assert [hold.target for hold in admin.snapshots.holds] == ["yto-01"]


async def test_two_people_at_once_are_both_heard(admin, bob):
    async with asyncio.TaskGroup() as tasks:
        for by in ("carol", "dave", "erin"):
            tasks.create_task(drain(bob, by=by))
    assert {hold.by for hold in admin.snapshots.holds} == {"carol", "dave", "erin"}


async def test_a_hold_of_a_region_that_got_another_id_is_taken_back_by_its_new_one(admin, behind, socket):
    await drain(socket)
    behind.fleet(
        region("tor-01", TORONTO, nodes=[node("a")], aliases=frozenset({"yto-01"})), region("yul-01", MONTREAL)
    )
    admin.publish()
    assert admin.snapshots.fleet.by_name["tor-01"].held
    answer = await (await socket.delete("/v1/holds/tor-01")).json()
    assert ([each["target"] for each in answer["lifted"]], answer["remaining"]) == (["yto-01"], [])


# ── Two at once ───────────────────────────────────────────────────────────────
async def test_of_drains_at_once_the_one_that_would_leave_nothing_is_refused(socket, admin):
    admin.board.slow = asyncio.Event()
    asked = [asyncio.ensure_future(drain(socket, target, by=target)) for target in ("yto-01", "yul-01")]
    while not admin.board.writing:
        await asyncio.sleep(0.01)
    admin.board.slow.set()
    assert sorted([answer.status for answer in await asyncio.gather(*asked)]) == [200, 409]
    assert len(admin.snapshots.holds) == 1
