"""Asks one node agent ``GET /v1/node/status`` over a kept connection, and says what was found.

It believes nothing: not that the answer is short, nor that it is JSON, nor that the node is who it should be. It
follows no redirects and connects to no private address that regions.yaml does not allow.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import aiohttp
from pydantic import ValidationError

from autorouter.core.address import is_private, parse
from autorouter.core.fleet import Node, Region
from autorouter.core.latency.sample import Sample
from autorouter.core.names import NodeName, RouterName
from autorouter.core.observation import Observation, Outcome, Report
from autorouter.core.units import Instant, Millis, Seconds
from autorouter.core.used import Figures, Hour
from autorouter.probing.kernel import KernelRtt, newest_sample, read
from autorouter.reports import outcome_of, report_of, samples_of, usage_of
from autorouter.wire.key import Key
from autorouter.wire.node import NodeReport

PATH = "/v1/node/status"
DEADLINE = Seconds(1.0)
MOST_BYTES = 96 * 1024
"""An honest report of 256 models, with full pages of round trips and usage, is two thirds of this."""

AddrInfo = tuple[int, int, int, str, tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Found:
    """What one look found."""

    outcome: Outcome
    reason: str = ""
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who looks, and what for."""

    router: RouterName
    clock: Callable[[], Instant]
    key: Key | None
    """What proves to nodes elsewhere that a router asks; None where all nodes are on this machine."""
    sampled: Callable[[Sample], object]
    """Is handed every round trip of a client that a node tells of."""
    used: Callable[[NodeName, Iterable[tuple[Hour, Figures]]], object]
    """Is handed what a node tells of its usage."""


class StatusLook:
    """A line of sight to one node agent."""

    def __init__(self, watcher: Watcher, region: Region, node: Node) -> None:
        self._watcher = watcher
        self._region = region
        self._node = node
        self._now = watcher.clock
        self._since = 0
        self._usage_since: int | None = None
        self._session: aiohttp.ClientSession | None = None
        self._sockets: list[socket.socket] = []
        self._before: KernelRtt | None = None

    async def __call__(self) -> Observation:
        """What is found now; never raises."""
        try:
            async with asyncio.timeout(DEADLINE):
                found = await self._ask()
        except TimeoutError:
            found = Found(Outcome.TIMED_OUT, f"no answer within {DEADLINE:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            found = _failure(exc)
        return Observation(
            router=self._watcher.router,
            region=self._region.name,
            node=self._node.name,
            at=self._now(),
            outcome=found.outcome,
            reason=found.reason[:256],
            rtt=self._round_trip() if found.report is not None else None,
            report=found.report,
        )

    async def close(self) -> None:
        """Stop looking."""
        self._keep(None)
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _ask(self) -> Found:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=1, socket_factory=self._open_socket)
            self._session = aiohttp.ClientSession(
                connector=connector, auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
            )
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        if self._watcher.key is not None:
            headers["Authorization"] = f"Bearer {self._watcher.key.bearer}"
        async with self._session.get(self._url(), allow_redirects=False, headers=headers) as answer:
            if answer.status == 401:
                return Found(Outcome.GARBLED, "answered 401: it has another AUTOROUTER_KEY, or this router has none")
            if answer.status != 200:
                return Found(Outcome.GARBLED, f"answered {answer.status} to {PATH}")
            body = await _at_most(answer.content, MOST_BYTES)
            if body is None:
                answer.close()
                return Found(Outcome.GARBLED, f"answered more than {MOST_BYTES} bytes")
            return self._understood(body)

    def _url(self) -> str:
        """With the cursors; for usage only a node that keeps any is asked, for an older one would refuse the word."""
        usage = "" if self._usage_since is None else f"&usage_since={self._usage_since}"
        return f"{self._node.agent}{PATH}?since={self._since}{usage}"

    def _understood(self, body: bytes) -> Found:
        try:
            report = NodeReport.model_validate_json(body)
        except ValidationError as exc:
            first = exc.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            return Found(Outcome.GARBLED, f"not a node report: {where}: {first['msg']}")
        if (report.region, report.node) != (self._region.name, self._node.name):
            return Found(Outcome.GARBLED, f"claims to be {report.node} in {report.region}")
        self._hand_over(report)
        return Found(outcome_of(report), report.reason, report_of(report))

    def _hand_over(self, report: NodeReport) -> None:
        """Pass on what the node measured of clients, and ask for what comes after it the next time."""
        for sample in samples_of(report, self._now()):
            self._watcher.sampled(sample)
        self._since = report.rtts_upto
        self._watcher.used(self._node.name, usage_of(report))
        asked = self._usage_since is not None
        self._usage_since = None if report.usage_upto is None else report.usage_upto if asked else 0

    def _open_socket(self, info: AddrInfo) -> socket.socket:
        """A socket for aiohttp, with a second handle on it to ask the kernel by; private targets are refused here."""
        family, kind, protocol, _, target = info
        address = parse(f"[{target[0]}]")
        if not self._region.allow_private and (address is None or is_private(address)):
            raise PermissionError(f"{target[0]} is private and {self._region.name} does not say allow_private")
        opened = socket.socket(family, kind, protocol)
        self._sockets.append(opened.dup())
        self._before = None
        return opened

    def _round_trip(self) -> Millis | None:
        """The kernel's newest sample. Of sockets that were raced to connect, one that did is kept."""
        readings = [(each, reading) for each in self._sockets if (reading := read(each)) is not None]
        if not readings:
            return None
        used, after = readings[-1]
        self._keep(used)
        sample = newest_sample(self._before, after)
        self._before = after
        return sample

    def _keep(self, used: socket.socket | None) -> None:
        """Close every handle but *used*."""
        for each in self._sockets:
            if each is not used:
                each.close()
        self._sockets = [] if used is None else [used]


async def _at_most(content: aiohttp.StreamReader, most: int) -> bytes | None:
    """The whole body, or None if it is longer than *most*."""
    body = bytearray()
    async for chunk in content.iter_chunked(8192):
        body += chunk
        if len(body) > most:
            return None
    return bytes(body)


def _failure(exc: Exception) -> Found:
    """What a failed connection says of the node."""
    cause = exc.os_error if isinstance(exc, aiohttp.ClientConnectorError) else exc
    if isinstance(cause, ConnectionRefusedError):
        return Found(Outcome.REFUSED, "connection refused")
    if isinstance(cause, ConnectionResetError | BrokenPipeError | aiohttp.ServerDisconnectedError):
        return Found(Outcome.REFUSED, "connection reset")
    if isinstance(exc, aiohttp.ClientConnectionError | aiohttp.InvalidURL | OSError | UnicodeError):
        return Found(Outcome.UNREACHABLE, f"cannot connect: {cause}")
    return Found(Outcome.GARBLED, f"not HTTP as it should be: {type(exc).__name__}")
