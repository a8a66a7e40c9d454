"""Observations in one Redis stream, read by every router.

The stream's own ids are the only clock that routers share, so an entry's age is Redis's time less its id. Whatever is
in the stream that is no observation is skipped and counted: a poisoned key must not change a route. redis-py's own
retries are off, for they turn a paused Redis into seconds of waiting.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterable
from ipaddress import ip_address
from urllib.parse import urlsplit

from pydantic import ValidationError
from redis.asyncio import Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from autorouter.core.errors import StoreError
from autorouter.core.observation import Observation
from autorouter.core.units import Instant
from autorouter.reports import observation_of, record_of
from autorouter.wire.observation import ObservationRecord

STREAM = "autorouter:v1:observations"
KEPT = 20_000
"""Entries kept, roughly: half a minute of a thousand nodes probed every 2 s."""

RECENT_MS = 20_000
"""How far back a new follower starts: enough to know the fleet before its own first probes are in."""

PATIENCE = 0.2
"""Seconds that telling may take."""

BLOCK_MS = 1000
"""How long one read waits for news; a read that takes twice as long means that Redis is gone."""

MOST_BYTES = 64 * 1024
BATCH = 500

Entries = list[tuple[bytes, dict[bytes, bytes]]]


def fault_in(url: str) -> str:
    """What is wrong with *url*, in words; empty when nothing is. Says nothing of the password in it."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        return f"not a URL: {exc}"
    if parts.scheme == "unix":
        return "" if parts.path.strip("/") else "found no path, expected unix:///path/to/socket"
    if parts.scheme not in ("redis", "rediss") or not parts.hostname:
        return "expected redis://HOST:PORT, rediss://HOST:PORT or unix:///path/to/socket"
    if port == 0 or parts.query or not re.fullmatch(r"(/[0-9]{0,4})?", parts.path):
        return "expected nothing behind the host but a port and the number of a database"
    if not parts.password and not _is_loopback(parts.hostname):
        return f"{parts.hostname} is not this machine, and there is no password: anyone could lie to routers"
    return ""


def _is_loopback(name: str) -> bool:
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


class RedisStore:
    """Observations in Redis. *refused* is called for each entry that is no observation."""

    def __init__(self, url: str, clock: Callable[[], Instant], refused: Callable[[], None]) -> None:
        self._teller = client(url, PATIENCE)
        self._hearer = client(url, 2 * BLOCK_MS / 1000)
        self._now = clock
        self._refused = refused

    async def append(self, observation: Observation) -> None:
        """Tell every follower, or raise `StoreError`."""
        told = record_of(observation).model_dump_json(by_alias=True, exclude_none=True)
        try:
            await self._teller.xadd(STREAM, {"o": told}, maxlen=KEPT, approximate=True)
        except (RedisError, OSError) as exc:
            raise StoreError(why(exc)) from exc

    async def follow(self) -> AsyncGenerator[Observation, None]:
        """The recent past, then everything as it comes."""
        try:
            seconds, micros = await self._hearer.time()
            ahead = seconds + micros / 1e6 - self._now()
            last: bytes | str = f"{max(0, seconds * 1000 - RECENT_MS)}-0"
            while True:
                answer = await self._hearer.xread({STREAM: last}, count=BATCH, block=BLOCK_MS)
                for entry, fields in entries(answer):
                    last = entry
                    if (observation := self._read(entry, fields, ahead)) is not None:
                        yield observation
        except (RedisError, OSError) as exc:
            raise StoreError(why(exc)) from exc

    async def close(self) -> None:
        """Let go of both connections."""
        await self._teller.aclose()
        await self._hearer.aclose()

    def _read(self, entry: bytes, fields: dict[bytes, bytes], ahead: float) -> Observation | None:
        """The observation in one entry; *ahead* is Redis's clock less ours, in seconds."""
        told = fields.get(b"o", b"")[:MOST_BYTES]  # what is longer is cut, and then no JSON
        at = min(self._now(), Instant(int(entry.partition(b"-")[0]) / 1000 - ahead))
        try:
            return observation_of(ObservationRecord.model_validate_json(told), at)
        except (ValidationError, ValueError):
            self._refused()
            return None


def client(url: str, patience: float) -> Redis:
    """A client that gives up after *patience* seconds, does not try again by itself, and stops when it is told to."""
    opened = Redis.from_url(
        url,
        socket_timeout=patience,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=0,
        protocol=3,
    )
    pool = opened.connection_pool
    pool.connection_class = type("Heeding", (_Heeding, pool.connection_class), {})
    return opened


class _Heeding(AbstractConnection):
    """A connection on which nobody who was told to stop goes on.

    redis-py sends with `asyncio.wait_for`, and that of Python 3.11 swallows a cancellation that meets its end: then a
    loop that was cancelled runs for ever, and so does the process that waits for it.
    """

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:  # noqa: FBT001, FBT002 - redis-py's signature
        await super().send_packed_command(command, check_health)
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            await self.disconnect(nowait=True)  # nobody will read the answer
            raise asyncio.CancelledError


def entries(answer: object) -> Entries:
    """The entries of an XREAD answer, which is a mapping under RESP3: stream → list of lists of entries."""
    if not isinstance(answer, dict):
        return []
    return [(entry, fields) for batch in answer.values() for entries in batch for entry, fields in entries]


def why(exc: Exception) -> str:
    """What went wrong, for people."""
    return f"{type(exc).__name__}: {exc}"[:200]
