"""What routers have promised, in one Redis hash: a field for each router, replaced whole each time.

Nothing is added up in Redis, so nothing there can drift: a lost write, a flush or a restart is mended by the next
write, a second later. What is there and makes no sense is skipped and counted.
"""

from collections.abc import Callable, Mapping

from pydantic import ValidationError
from redis.exceptions import RedisError

from autorouter.core.assigned import Book, Shown
from autorouter.core.errors import StoreError
from autorouter.core.names import RouterName
from autorouter.core.units import Instant, Seconds
from autorouter.reports import record_of_book, shown_of
from autorouter.store.redis import PATIENCE, client, why
from autorouter.wire.book import LONGEST, BookRecord

BOOKS = "autorouter:v1:books"

MOST_BYTES = 16 * 1024 * 1024
"""Of one book; a thousand endpoints take a megabyte."""

FORGOTTEN = Seconds(float(LONGEST))
"""After so long nothing that a router promised can still hold."""

SKEW = Seconds(5.0)
"""A book from further in the future than this is a forgery, or from before a clock was set."""


class RedisExchange:
    """Books in Redis. *refused* is called for each entry that is none."""

    def __init__(
        self, url: str, router: RouterName, clock: Callable[[], Instant], refused: Callable[[], None]
    ) -> None:
        self._client = client(url, PATIENCE)
        self._router = router
        self._now = clock
        self._refused = refused
        self._ahead: float | None = None
        """Redis's clock less ours."""

    async def swap(self, book: Book) -> Mapping[RouterName, Shown]:
        """Show *book*, and look at the others'."""
        try:
            if self._ahead is None:
                self._tell_time(await self._client.time())
            return await self._swap(book)
        except (RedisError, OSError) as exc:
            raise StoreError(why(exc)) from exc

    async def close(self) -> None:
        """Let go of the connection."""
        await self._client.aclose()

    async def _swap(self, book: Book) -> Mapping[RouterName, Shown]:
        mine = record_of_book(book, self._now(), self._ahead or 0.0).model_dump_json(by_alias=True)
        pipe = self._client.pipeline(transaction=False)
        _ = pipe.hset(BOOKS, self._router, mine), pipe.hgetall(BOOKS), pipe.time()  # wait in the pipe
        _, there, time = await pipe.execute()
        self._tell_time(time)
        read = {name: self._read(told) for name, told in there.items() if name != self._router.encode()}
        await self._forget([name for name, shown in read.items() if shown is None])
        return {RouterName(name.decode(errors="replace")): shown for name, shown in read.items() if shown}

    async def _forget(self, names: list[bytes]) -> None:
        if names:
            await self._client.hdel(BOOKS, *names)

    def _tell_time(self, time: tuple[int, int]) -> None:
        self._ahead = time[0] + time[1] / 1e6 - self._now()

    def _read(self, told: bytes) -> Shown | None:
        """The book in one field; None for one that makes no sense, or that has lapsed."""
        try:
            shown = shown_of(BookRecord.model_validate_json(told[:MOST_BYTES]), self._ahead or 0.0)
        except ValidationError:
            self._refused()
            return None
        age = self._now() - shown.at
        return shown if -SKEW < age < FORGOTTEN else None
