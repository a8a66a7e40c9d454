"""What every board of holds and every admin trail promises, wherever it keeps them."""

import asyncio
from dataclasses import replace

import pytest

from autorouter.core.holds import Entry, Hold, HoldKind
from autorouter.core.trail import Note
from autorouter.core.units import Unix
from autorouter.store.file_holds import FileBoard, FileTrail
from autorouter.store.memory_holds import MemoryBoard, MemoryTrail
from autorouter.store.redis_holds import RedisBoard, RedisTrail


@pytest.fixture(params=["memory", "file", "redis"])
async def boards(request, tmp_path):
    """Two routers' boards onto the same store."""
    match request.param:
        case "memory":
            kept = {}
            opened = [MemoryBoard(kept), MemoryBoard(kept)]
        case "file":
            opened = [FileBoard(tmp_path / "state", lambda: Unix(3.0), lambda: None) for _ in range(2)]
        case "redis":
            valkey = request.getfixturevalue("valkey")
            valkey.flush()
            opened = [RedisBoard(valkey.url, lambda: Unix(3.0), lambda: None) for _ in range(2)]
    yield opened
    for each in opened:
        await each.close()


@pytest.fixture(params=["memory", "file", "redis"])
async def trail(request, tmp_path):
    match request.param:
        case "memory":
            opened = MemoryTrail()
        case "file":
            opened = FileTrail(tmp_path / "state", lambda: None)
        case "redis":
            valkey = request.getfixturevalue("valkey")
            valkey.flush()
            opened = RedisTrail(valkey.url, lambda: None)
    yield opened
    await opened.close()


def hold(target="yto-01", by="alice", **more):
    return Hold(target, more.pop("kind", HoldKind.DRAIN), by, more.pop("reason", "new switch"), Unix(1.0), **more)


async def test_nothing_is_held_at_first(boards):
    assert await boards[0].read() == {}


async def test_what_one_router_writes_the_other_reads(boards):
    a, b = boards
    entry = Entry(hold(until=Unix(1_800_000_000.0), reason="né à Montréal"), 1)
    assert await a.write(entry) == entry
    assert await b.read() == {entry.hold.key: entry}


async def test_what_is_written_comes_after_what_was_there(boards):
    a, b = boards
    await a.write(Entry(hold(), 1))
    again = await b.write(Entry(hold(reason="two switches"), 1))
    assert again.version == 2
    later = await a.write(Entry(hold(reason="three"), 7))
    assert later.version == 7
    assert await b.read() == {later.hold.key: later}


async def test_what_was_taken_back_is_still_told_of(boards):
    a, b = boards
    entry = await a.write(Entry(hold(), 1))
    gone = await b.write(replace(entry, lifted=Unix(2.0)))
    assert await a.read() == {gone.hold.key: gone}
    assert gone.version == 2


async def test_only_what_is_later_is_put_back(boards):
    a, b = boards
    gone = replace(await a.write(Entry(hold(), 1)), version=2, lifted=Unix(2.0))
    await a.write(gone)
    other = Entry(hold(by="bob"), 5)
    await b.restore([Entry(hold(), 1), other])
    assert await a.read() == {gone.hold.key: gone, other.hold.key: other}


async def test_holds_of_two_kinds_people_and_targets_are_kept_apart(boards):
    a, b = boards
    all_of_them = [hold(), hold(kind=HoldKind.QUARANTINE), hold(by="bob"), hold("yul-01"), hold(by="a|b")]
    for each in all_of_them:
        await a.write(Entry(each, 1))
    assert {each.hold for each in (await b.read()).values()} == set(all_of_them)


async def test_of_routers_that_write_at_once_none_is_lost(boards):
    async with asyncio.TaskGroup() as tasks:
        for i in range(4):
            for board in boards:
                tasks.create_task(board.write(Entry(hold(f"r{i}"), 1)))
    there = await boards[0].read()
    assert {each.hold.target: each.version for each in there.values()} == {f"r{i}": 2 for i in range(4)}


async def test_the_trail_tells_the_latest_first(trail):
    notes = [Note(Unix(i), "alice", "drain", f"r{i}", "done", "why", "r-1") for i in range(5)]
    for each in notes:
        await trail.note(each)
    assert list(await trail.latest(3)) == notes[:1:-1]
    assert len(await trail.latest(100)) == 5


async def test_what_somebody_sent_is_one_short_line_of_the_trail(trail):
    await trail.note(Note(Unix(1), "a\nb\x1b[31m", "drain", "x" * 999 + "\n", "unknown_target"))
    (kept,) = await trail.latest(10)
    assert kept.actor == "a b [31m"
    assert len(kept.target) == 256
