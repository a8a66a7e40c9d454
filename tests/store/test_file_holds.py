"""Holds in a folder: whole files or none, and none that cannot be read is overwritten."""

import asyncio
import fcntl
import json

import pytest

from autorouter.core.errors import StoreError, UnsureError
from autorouter.core.holds import Entry
from autorouter.core.trail import Note
from autorouter.core.units import Unix
from autorouter.store import file_holds
from autorouter.store.file_holds import FileBoard, FileTrail
from tests.contracts.test_board import hold


@pytest.fixture
def board(tmp_path, refused):
    return FileBoard(tmp_path / "state", lambda: Unix(3.0), lambda: refused.append(1))


async def test_nothing_is_made_before_there_is_something_to_keep(board, tmp_path):
    assert await board.read() == {}
    assert not (tmp_path / "state").exists()


async def test_what_is_kept_is_its_owners_alone(board, tmp_path):
    await board.write(Entry(hold(), 1))
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state/holds.json").stat().st_mode & 0o777 == 0o600
    assert not list((tmp_path / "state").glob("*.new"))


@pytest.mark.parametrize("found", ["{", '{"holds": []}', "[" * 100_000, "\udcff", "x" * (5 << 20)])
async def test_a_file_that_cannot_be_read_is_an_error_and_stays_as_it_is(board, tmp_path, found):
    path = tmp_path / "state/holds.json"
    path.parent.mkdir()
    path.write_text(found, errors="surrogateescape")
    with pytest.raises(StoreError, match=r"holds\.json"):
        await board.read()
    with pytest.raises(StoreError, match=r"holds\.json"):
        await board.write(Entry(hold(), 1))
    assert path.read_text(errors="surrogateescape") == found


async def test_what_is_no_hold_is_skipped_and_counted(board, tmp_path, refused):
    entry = await board.write(Entry(hold(), 1))
    path = tmp_path / "state/holds.json"
    path.write_text(json.dumps([*json.loads(path.read_text()), {"target": "x"}, 7]))
    assert await board.read() == {entry.hold.key: entry}
    assert len(refused) == 2


async def test_a_folder_that_cannot_be_had_is_an_error(tmp_path):
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StoreError, match="state"):
        await FileBoard(tmp_path / "state", lambda: Unix(3.0), lambda: None).write(Entry(hold(), 1))


async def test_more_holds_than_any_fleet_needs_are_refused(board, monkeypatch):
    monkeypatch.setattr(file_holds, "MOST_HOLDS", 3)
    for i in range(3):
        await board.write(Entry(hold(f"r{i}"), 1))
    with pytest.raises(StoreError, match="enough"):
        await board.write(Entry(hold("r4"), 1))
    assert len(await board.read()) == 3


async def test_what_ended_makes_room_for_what_is_in_force(board, monkeypatch):
    monkeypatch.setattr(file_holds, "MOST_HOLDS", 2)
    for i in range(5):
        await board.write(Entry(hold(f"r{i}"), 1, lifted=Unix(i / 10)))
    await board.write(Entry(hold("r9"), 1))
    assert {each.hold.target for each in (await board.read()).values()} == {"r4", "r9"}


async def test_what_could_not_be_read_again_is_not_written(board, monkeypatch):
    monkeypatch.setattr(file_holds, "MOST_BYTES", 300)
    await board.write(Entry(hold("r1"), 1))
    with pytest.raises(StoreError, match="300 bytes"):
        await board.write(Entry(hold("r2", reason="x" * 200), 1))
    assert len(await board.read()) == 1


async def test_what_was_given_up_is_never_written_later(board, tmp_path, monkeypatch):
    monkeypatch.setattr(file_holds, "PATIENCE", 0.2)
    await board.write(Entry(hold("r1"), 1))
    with (tmp_path / "state/holds.lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError) as told:
            await board.write(Entry(hold("r2"), 1))
    assert told.value.outcome == "nothing was changed"
    await asyncio.sleep(0.5)
    assert [each.hold.target for each in (await board.read()).values()] == ["r1"]


async def test_a_thread_that_comes_late_finds_that_it_was_given_up():
    late = file_holds.Attempt()
    assert late.failed("slow").outcome == "nothing was changed"
    with pytest.raises(StoreError, match="given up"):
        late.begin()


async def test_of_a_write_that_had_begun_nobody_says_that_nothing_was_changed(board, monkeypatch):
    def full(_folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file_holds, "_sync", full)
    with pytest.raises(UnsureError, match="No space"):
        await board.write(Entry(hold("r1"), 1))


async def test_a_long_trail_is_begun_anew_and_the_one_before_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(file_holds, "MOST_BYTES", 1000)
    trail = FileTrail(tmp_path / "state", lambda: None)
    for i in range(30):
        await trail.note(Note(Unix(i), "alice", "drain", f"r{i}", "done"))
    found = [each.target for each in await trail.latest(100)]
    assert found[:6] == [f"r{i}" for i in range(29, 23, -1)]
    assert len(found) < 30
    assert all(path.stat().st_size <= 1000 for path in (tmp_path / "state").iterdir())


async def test_a_line_of_the_trail_that_was_cut_short_is_skipped_and_counted(tmp_path, refused):
    trail = FileTrail(tmp_path / "state", lambda: refused.append(1))
    await trail.note(Note(Unix(1), "alice", "drain", "r1", "done"))
    path = tmp_path / "state/trail.jsonl"
    path.write_bytes(path.read_bytes() + b'{"at":2,"act')
    assert [each.target for each in await trail.latest(9)] == ["r1"]
    assert len(refused) == 1
    await trail.note(Note(Unix(3), "alice", "drain", "r3", "done"))
    assert [each.target for each in await trail.latest(9)] == ["r3", "r1"]
