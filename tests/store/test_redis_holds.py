"""Redis at its worst, while it keeps holds."""

import pytest

from autorouter.core.errors import StoreError
from autorouter.core.holds import Entry
from autorouter.core.units import Unix
from autorouter.runtime.clock import now
from autorouter.store import redis_holds
from autorouter.store.redis_holds import HOLDS, MOST_HOLDS, TRAIL, RedisBoard, RedisTrail
from tests.contracts.test_board import hold

GOOD = (
    b'{"target":"yto-01","kind":"drain","by":"alice","reason":"x","since":1,"until":null,"version":%d,"lifted":null}'
)
FIELD = "yto-01|drain|alice"


@pytest.fixture
async def board(own_valkey, refused):
    opened = RedisBoard(own_valkey.url, lambda: Unix(3.0), lambda: refused.append(1))
    yield opened
    await opened.close()


@pytest.mark.parametrize(
    "poison",
    [
        b"not json",
        b"\xff",
        b"[" * 4000,
        b"x" * 50_000_000,
        GOOD % 0,
        GOOD % 10**20,
        (GOOD % 1).replace(b"alice", b"bob"),
        (GOOD % 1).replace(b"drain", b"delete"),
        (GOOD % 1).replace(b'"x"', b'""'),
        (GOOD % 1).replace(b"yto-01", b"../../etc"),
        (GOOD % 1).replace(b'"since":1', b'"since":NaN'),
        (GOOD % 1).replace(b'"until":null', b'"until":1e300'),
    ],
)
async def test_what_is_no_hold_is_skipped_and_counted_and_makes_room_for_one_that_is(
    own_valkey, board, refused, poison
):
    other = await board.write(Entry(hold("yul-01"), 1))
    with own_valkey.client() as client:
        client.hset(HOLDS, FIELD, poison)
    assert list(await board.read()) == [other.hold.key]
    assert len(refused) == 1
    mine = await board.write(Entry(hold(), 1))
    assert set(await board.read()) == {other.hold.key, mine.hold.key}


async def test_a_key_of_the_wrong_kind_is_an_error_not_a_crash(own_valkey, board):
    with own_valkey.client() as client:
        client.set(HOLDS, "mine now")
    with pytest.raises(StoreError, match="WRONGTYPE"):
        await board.read()
    with pytest.raises(StoreError, match="WRONGTYPE"):
        await board.write(Entry(hold(), 1))


async def test_a_hash_that_somebody_filled_up_is_not_read_and_takes_no_more(own_valkey, board):
    with own_valkey.client() as client:
        client.hset(HOLDS, mapping={f"f{i}": "x" for i in range(MOST_HOLDS)})
    with pytest.raises(StoreError, match="enough"):
        await board.write(Entry(hold(), 1))
    with own_valkey.client() as client:
        client.hset(HOLDS, "one more", "x")
    with pytest.raises(StoreError, match="fields"):
        await board.read()


async def test_what_ended_makes_room_for_what_is_in_force(board, monkeypatch):
    monkeypatch.setattr(redis_holds, "MOST_HOLDS", 2)
    for i in range(5):
        await board.write(Entry(hold(f"r{i}"), 1, lifted=Unix(i / 10)))
    await board.write(Entry(hold("r9"), 1))
    await board.restore([Entry(hold("r0"), 1, lifted=Unix(0.0))])
    assert {each.hold.target for each in (await board.read()).values()} == {"r4", "r9"}
    await board.write(Entry(hold("r8"), 1))
    with pytest.raises(StoreError, match="enough"):
        await board.write(Entry(hold("r7"), 1))


async def test_a_paused_redis_costs_a_fifth_of_a_second_not_more(own_valkey, board):
    await board.read()
    own_valkey.pause()
    began = now()
    with pytest.raises(StoreError):
        await board.read()
    with pytest.raises(StoreError):
        await board.write(Entry(hold(), 1))
    assert now() - began < 2.0
    own_valkey.resume()
    assert await board.read() == {}


async def test_a_redis_that_is_gone_is_an_error_and_comes_back(own_valkey, board):
    entry = await board.write(Entry(hold(), 1))
    own_valkey.kill()
    with pytest.raises(StoreError):
        await board.write(entry)
    own_valkey.start()
    assert await board.read() == {}
    await board.restore([entry])
    assert await board.read() == {entry.hold.key: entry}


async def test_what_is_no_note_is_skipped_and_counted(own_valkey, refused):
    trail = RedisTrail(own_valkey.url, lambda: refused.append(1))
    with own_valkey.client() as client:
        client.xadd(TRAIL, {"n": "not json"})
        client.xadd(TRAIL, {"other": "x"})
    assert list(await trail.latest(10)) == []
    assert len(refused) == 2
    await trail.close()
