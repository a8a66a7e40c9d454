"""Who may: the user that runs the router, or root, over the unix socket; over TCP, holders of a key for it.

No page in a browser may, whatever it knows: it would have to call this machine by a name of its own (DNS rebinding),
or come from another origin.
"""

import os
import pwd
import socket
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from struct import calcsize, unpack

from aiohttp import web
from yarl import URL

from autorouter.api.problems import refuse
from autorouter.core.units import Unix
from autorouter.wire.access import OPAQUE, KeyEntry, digest

GUESSES = 30
"""Wrong keys a minute that are told so; guessing is hopeless anyway, this bounds what it costs and what it logs."""

MINUTE = 60.0

EXPECTED = "expected 'Authorization: Bearer <key>', of a key with the scope admin"

NOBODY = ""

UCRED = "3i"
"""Linux's ``struct ucred``: process, user, group."""


@dataclass(slots=True)
class Guard:
    """Knows who asks."""

    clock: Callable[[], Unix]
    keys: Sequence[KeyEntry] = ()
    """Of the scope ``admin``."""
    guessed: deque[Unix] | None = None

    def actor(self, request: web.Request) -> str:
        """Who asks. Raises a problem for anybody who may not."""
        require_no_page(request)
        connection = request.get_extra_info("socket")
        if connection is not None and connection.family == socket.AF_UNIX:
            return _peer(connection)
        return self._holder(request)

    def _holder(self, request: web.Request) -> str:
        """Whose key is shown. A right one is never held up by wrong ones."""
        shown = [header.partition(" ") for header in request.headers.getall("Authorization", [])]
        bearer = shown[0][2].strip() if len(shown) == 1 and shown[0][0].lower() == "bearer" else ""
        now = self.clock()
        # What is no key is not hashed: it may have bytes that are no text.
        hashed = digest(bearer) if OPAQUE.fullmatch(bearer) else ""
        found = [each for each in self.keys if compare_digest(each.sha256, hashed)]
        if found and (found[0].expires is None or now < found[0].expires):
            return found[0].name
        if bearer:
            self._count(now)
        error = refuse("unauthorized", "the key does not count here" if bearer else EXPECTED)
        error.headers["WWW-Authenticate"] = "Bearer"
        raise error

    def _count(self, now: Unix) -> None:
        """One wrong key more. Raises a problem when it is one too many."""
        if self.guessed is None:
            self.guessed = deque(maxlen=GUESSES)
        if len(self.guessed) == GUESSES and abs(now - self.guessed[0]) < MINUTE:
            error = refuse("too_many_guesses", "too many wrong keys came within a minute")
            error.headers["Retry-After"] = str(int(MINUTE))
            raise error
        self.guessed.append(now)


def require_no_page(request: web.Request) -> None:
    """Raises a problem for what a page in a browser may have sent."""
    host = request.headers.get("Host", "")
    try:
        url = URL.build(authority=host)
        name = "" if "@" in host else url.host or ""
    except ValueError:
        name = ""
    if name not in {"localhost", "127.0.0.1", "::1"}:
        raise refuse("misdirected", "call it localhost, 127.0.0.1 or [::1]: any other name may be a page's own")
    if "Origin" in request.headers or request.headers.get("Sec-Fetch-Site", "none") != "none":
        raise refuse("forbidden", "a page in a browser asks, and none may")


def _peer(connection: socket.socket) -> str:
    """The user at the other end, by the kernel's word. Raises a problem for any but root and the router's own."""
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, calcsize(UCRED))
    _, user, _ = unpack(UCRED, told)
    name = _name_of(user)
    if user not in {0, os.geteuid()}:
        raise refuse("forbidden", f"{name} does not run this router")
    return name


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"uid-{user}"
