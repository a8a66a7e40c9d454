"""The router's own connections to nodes: kept, verified, and never to a private address that regions.yaml forbids."""

import socket
from typing import Self

import aiohttp
from yarl import URL

from autorouter.api.onward.stops import Stop
from autorouter.core.address import is_private, parse

CONNECT_S = 2.0
"""Until a node is connected, names and TLS included: half the world away takes 1."""

SILENCE_S = 600.0
"""Without a byte of an answer: a whole answer takes as long as it is, and OpenAI's clients wait no longer. Theirs
is the deadline, as a rule: a client that leaves ends the wait."""

BUFFER = 16 << 10
"""Bytes of an answer that are read ahead of a slow reader (aiohttp takes twice as many)."""

WINDOW = 64 << 10
"""Bytes that the kernel takes in at once, and hands on at once: for each reader that stops, as many wait here. Enough
for 600 KB/s from a node 100 ms away; what is heard or read takes a tenth of that."""

KEPT_S = 15.0
"""Nodes close an idle connection later, so that hardly a request meets one that is being closed."""

NOT_ADDED = ("Accept", "Accept-Encoding", "User-Agent", "Content-Type")
"""What the client did not say is not said in its name."""

AddrInfo = tuple[int, int, int, str, tuple[object, ...]]


class Lines:
    """To be opened where a loop runs."""

    def __init__(self) -> None:
        self._sessions: dict[bool, aiohttp.ClientSession] = {}

    async def __aenter__(self) -> Self:
        self._sessions = {True: _session(anywhere=True), False: _session(anywhere=False)}
        return self

    async def __aexit__(self, *_: object) -> None:
        for each in self._sessions.values():
            await each.close()

    def to(self, stop: Stop) -> aiohttp.ClientSession:
        """The one to ask *stop* by."""
        return self._sessions[stop.allow_private]


def url(stop: Stop, path: str, query: str) -> URL:
    """Of *path* at *stop*."""
    return URL(f"{stop.endpoint}{path}{'?' if query else ''}{query}", encoded=True)


def _session(*, anywhere: bool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0, keepalive_timeout=KEPT_S, socket_factory=_opened if anywhere else _public
        ),
        timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_S, sock_read=SILENCE_S),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=NOT_ADDED,
        read_bufsize=BUFFER,
    )


def _public(info: AddrInfo) -> socket.socket:
    """A socket for aiohttp, which has resolved the name already: what is checked is what is connected to."""
    target = info[4]
    address = parse(f"[{target[0]}]")
    if address is None or is_private(address):
        raise PermissionError(f"{target[0]} is private, and its region does not say allow_private")
    return _opened(info)


def _opened(info: AddrInfo) -> socket.socket:
    opened = socket.socket(*info[:3])
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
    return opened
