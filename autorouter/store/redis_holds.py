"""Holds in one Redis hash, a field for each, and the admin trail in a stream.

A field is written only over the value that was read (WATCH), so of two routers that write at once neither is lost:
the second looks again and comes after. What is there and makes no sense is skipped and counted, and replaced by the
first hold that is set under its name; a hash with more fields than any fleet needs is not read at all.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

from pydantic import ValidationError
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError, ResponseError, WatchError

from autorouter.core.errors import StoreError, UnsureError
from autorouter.core.holds import Entry, HoldKey, Known, roomy
from autorouter.core.trail import Note
from autorouter.core.units import Unix
from autorouter.reports import entry_of, note_of, record_of_entry, record_of_note
from autorouter.store.redis import PATIENCE, client, why
from autorouter.wire.hold import HoldRecord, NoteRecord

HOLDS = "autorouter:v1:holds"
TRAIL = "autorouter:v1:trail"

MOST_HOLDS = 2000
"""Fields, with those that ended: of them those go that ended longest ago, to make room."""

MOST_BYTES = 4096
"""Of one field; the longest reason takes a quarter of it."""

MOST_NOTES = 10_000

TRIES = 8
"""Times that a write looks again because another router wrote meanwhile."""


class RedisBoard:
    """Holds in Redis. *refused* is called for each field that is none."""

    def __init__(self, url: str, clock: Callable[[], Unix], refused: Callable[[], None]) -> None:
        self._client = client(url, PATIENCE)
        self._now = clock
        self._refused = refused

    async def read(self) -> Known:
        """Everything that is kept and makes sense."""
        try:
            return (await self._found())[0]
        except (RedisError, OSError) as exc:
            raise StoreError(why(exc)) from exc

    async def write(self, entry: Entry) -> Entry:
        """Keep *entry*, as the latest under its key."""

        def as_latest(there: Known) -> Sequence[Entry]:
            before = there.get(entry.hold.key)
            return [replace(entry, version=max(entry.version, 1 + (before.version if before else 0)))]

        return (await self._change(as_latest))[0]

    async def restore(self, entries: Sequence[Entry]) -> None:
        """Keep what is later than what is kept."""

        def later(there: Known) -> Sequence[Entry]:
            keys = {each.hold.key for each in entries} & there.keys()
            return [
                each for each in entries if each.hold.key not in keys or there[each.hold.key].version < each.version
            ]

        await self._change(later)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()

    async def _change(self, choose: Callable[[Known], Sequence[Entry]]) -> Sequence[Entry]:
        """Write what *choose* makes of what is kept, in place of what may be forgotten; what that was."""
        try:
            for _ in range(TRIES):
                async with self._client.pipeline(transaction=True) as pipe:
                    await pipe.watch(HOLDS)
                    there, others = await self._found()
                    chosen = choose(there)
                    self._put(pipe, there, chosen, MOST_HOLDS - len(others - {_field(e.hold.key) for e in chosen}))
                    try:
                        await pipe.execute()
                    except WatchError:
                        continue
                    except ResponseError:
                        raise
                    except (RedisError, OSError) as exc:
                        raise UnsureError(why(exc)) from exc
                    return chosen
        except (RedisError, OSError) as exc:
            raise StoreError(why(exc)) from exc
        raise StoreError("other routers write at the same time")

    def _put(self, pipe: Pipeline, there: Known, chosen: Sequence[Entry], most: int) -> None:
        """Have *pipe* write those that were *chosen*, and drop what there is no room for."""
        kept = roomy({**there, **{each.hold.key: each for each in chosen}}, self._now(), most)
        if len(kept) > most:
            raise StoreError(f"{HOLDS} has {MOST_HOLDS} fields, and that is enough")
        pipe.multi()  # type: ignore[no-untyped-call]  # redis-py leaves it untyped
        for key in there.keys() - kept.keys():
            _ = pipe.hdel(HOLDS, _field(key))  # waits in the pipe
        for each in chosen:
            if each.hold.key in kept:
                _ = pipe.hset(HOLDS, _field(each.hold.key), record_of_entry(each).model_dump_json())  # same

    async def _found(self) -> tuple[Known, frozenset[str]]:
        """What is kept and makes sense, and the names of the other fields."""
        if await self._client.hlen(HOLDS) > MOST_HOLDS:
            raise StoreError(f"{HOLDS} has more than {MOST_HOLDS} fields")
        names = cast("list[bytes]", await self._client.hkeys(HOLDS))
        sizes = self._client.pipeline(transaction=False)
        for name in names:
            _ = sizes.hstrlen(HOLDS, cast("str", name))  # waits in the pipe
        fit = [name for name, size in zip(names, await sizes.execute(), strict=True) if size <= MOST_BYTES]
        told = await self._client.hmget(HOLDS, cast("list[str]", fit)) if fit else []
        for _ in range(len(names) - len(fit)):
            self._refused()
        found = (self._read(name, each) for name, each in zip(fit, cast("list[bytes | None]", told), strict=True))
        there = {entry.hold.key: entry for entry in found if entry is not None}
        known = {_field(key) for key in there}
        return there, frozenset(name.decode(errors="replace") for name in names) - known

    def _read(self, name: bytes, told: bytes | None) -> Entry | None:
        """The entry in field *name*; None for what is none, or is under another's name."""
        try:
            entry = entry_of(HoldRecord.model_validate_json(told or b""))
        except ValidationError:
            self._refused()
            return None
        if _field(entry.hold.key).encode() != name:
            self._refused()
            return None
        return entry


class RedisTrail:
    """The trail in Redis. *refused* is called for each entry that is none."""

    def __init__(self, url: str, refused: Callable[[], None]) -> None:
        self._client = client(url, PATIENCE)
        self._refused = refused

    async def note(self, note: Note) -> None:
        """Keep *note*."""
        told = record_of_note(note).model_dump_json()
        try:
            await self._client.xadd(TRAIL, {"n": told}, maxlen=MOST_NOTES, approximate=True)
        except (RedisError, OSError) as exc:
            raise StoreError(why(exc)) from exc

    async def latest(self, most: int) -> Sequence[Note]:
        """The latest notes."""
        try:
            found = await self._client.xrevrange(TRAIL, count=most)
        except (RedisError, OSError) as exc:
            raise StoreError(why(exc)) from exc
        notes = (self._read(fields) for _, fields in cast("list[tuple[bytes, dict[bytes, bytes]]]", found))
        return [each for each in notes if each is not None]

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()

    def _read(self, fields: dict[bytes, bytes]) -> Note | None:
        try:
            return note_of(NoteRecord.model_validate_json(fields.get(b"n", b"")[:MOST_BYTES]))
        except ValidationError:
            self._refused()
            return None


def _field(key: HoldKey) -> str:
    return f"{key.target}|{key.kind.value}|{key.by}"
