"""Round trips from this machine to where clients are sent: connections that are made and closed, nothing is said.

Where clients speak TLS, one more connection does: a certificate that is not valid is no way for anybody.
The kernel's figure is taken where there is one (Linux): it holds none of this process's own delays.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from statistics import median_low
from threading import Thread
from urllib.parse import urlsplit

from autorouter.cli.asking import reason
from autorouter.core.units import Millis
from autorouter.probing.kernel import read
from autorouter.runtime.clock import now

TRIES = 5
"""Connections to each endpoint: the median of five spares two slow packets."""

PATIENCE = 2.0
"""Seconds that one connection may take: no round trip on Earth takes a third of it."""

ALL_WITHIN = 5.0
"""Seconds for everything: a person waits."""

AT_ONCE = 32
"""Endpoints measured side by side; more would get into each other's way."""

LATE = "not measured in time"

Address = tuple[int, tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Reached:
    """What measuring one endpoint found."""

    rtt: Millis | None = None
    """Median of its tries; None if it was never reached."""
    tries: int = 0
    tls: Millis | None = None
    """What TLS takes on top, once a connection; None without it."""
    error: str = ""
    """Why it was not."""


def measure(endpoints: Mapping[str, str], done: Callable[[], object]) -> dict[str, Reached]:
    """Round trips by name, to *endpoints* by name; *done* is called after each."""
    return asyncio.run(_measure(endpoints, done))


async def _measure(endpoints: Mapping[str, str], done: Callable[[], object]) -> dict[str, Reached]:
    found = dict.fromkeys(endpoints, Reached(error=LATE))
    room = asyncio.Semaphore(AT_ONCE)
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(AT_ONCE))

    async def one(name: str, url: str) -> None:
        async with room:
            found[name] = await _reach(url)
        done()

    try:
        async with asyncio.timeout(ALL_WITHIN), asyncio.TaskGroup() as tasks:
            for name, url in endpoints.items():
                tasks.create_task(one(name, url))
    except TimeoutError:
        pass
    return found


async def _reach(url: str) -> Reached:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        async with asyncio.timeout(PATIENCE):
            addresses = await _addresses(parts.hostname or "", port)
    except OSError as exc:
        return Reached(error=reason(exc))
    address, first = await _first(addresses)
    if isinstance(first, str):
        return Reached(error=f"unreachable: {first}")
    tls = await _greet(address, parts.hostname or "") if parts.scheme == "https" else None
    if isinstance(tls, str):
        return Reached(error=tls)
    more = [await _connect(address) for _ in range(TRIES - 1)]
    rtts = [first, *(each for each in more if not isinstance(each, str))]
    return Reached(Millis(median_low(rtts)), len(rtts), tls)


async def _addresses(host: str, port: int) -> list[Address]:
    """Where *host* is. In a thread that nobody waits for: the loop's own would be, however long a name takes."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[list[Address]] = loop.create_future()

    def tell(found: list[Address] | OSError) -> None:
        if outcome.done():
            return
        if isinstance(found, OSError):
            outcome.set_exception(found)
        else:
            outcome.set_result(found)

    def look_up() -> None:
        found: list[Address] | OSError
        try:
            found = [(each[0], each[4]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except OSError as exc:
            found = exc
        with suppress(RuntimeError):  # the loop has ended: it was too late
            loop.call_soon_threadsafe(tell, found)

    Thread(target=look_up, daemon=True).start()
    return await outcome


async def _first(addresses: list[Address]) -> tuple[Address, float | str]:
    """The first of *addresses* that can be reached, and how; the last one's failure if none can."""
    outcome: tuple[Address, float | str] = addresses[0], "it has no address"
    for address in addresses:
        outcome = address, await _connect(address)
        if not isinstance(outcome[1], str):
            break
    return outcome


async def _greet(address: Address, host: str) -> Millis | str:
    """How long TLS takes on a new connection, in ms; or what is wrong with it.

    In a thread: asyncio keeps a connection whose TLS failed for half a minute, and hands it to nobody.
    """
    return await asyncio.to_thread(_greeted, address, host)


def _greeted(address: Address, host: str) -> Millis | str:
    family, where = address
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(where)
            began = now()
            with _context().wrap_socket(connection, server_hostname=host):
                return Millis((now() - began) * 1e3)
    except OSError as exc:
        return reason(exc)


@cache
def _context() -> ssl.SSLContext:
    """Whom this machine trusts; read once."""
    return ssl.create_default_context()


async def _connect(address: Address) -> float | str:
    """The round trip of one new connection, in ms; or why there is none."""
    family, where = address
    began = now()
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.setblocking(False)  # noqa: FBT003 - socket's own
            async with asyncio.timeout(PATIENCE):
                await asyncio.get_running_loop().sock_connect(connection, where)
            kernel = read(connection) if hasattr(socket, "TCP_INFO") else None
            return (now() - began) * 1e3 if kernel is None else kernel.least
    except OSError as exc:
        return reason(exc)
