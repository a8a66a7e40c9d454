"""Asks a node or a router one question over HTTP, and says what came of it: an `Answer`, or why there is none."""

import asyncio
import socket
import ssl
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

import aiohttp

from autorouter.runtime.clock import now, unix_now

DEADLINE_S = 3.0
MOST_BYTES = 96 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    body: bytes
    took_ms: float
    """From the question to its end, the connection included."""
    ahead: float | None
    """Seconds by which the clock of the one asked is ahead of ours, give or take 0.5; None if it told no time."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Why there is no answer."""

    why: str
    cause: str
    """``name``, ``certificate``, ``refused``, ``late``, or ``other``."""


async def ask(url: str, bearer: str | None = None) -> Answer | Silence:
    """The answer to ``GET url``; never raises for what the world does."""
    headers = {"Accept-Encoding": "identity", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
    try:
        async with asyncio.timeout(DEADLINE_S), aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            return await _asked(session, url, headers)
    except TimeoutError:
        return Silence(f"no answer within {DEADLINE_S:g} s", "late")
    except (aiohttp.ClientError, OSError, ValueError) as exc:
        return _silence(exc)


async def _asked(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> Answer:
    began, at = now(), unix_now()
    async with session.get(url, allow_redirects=False, headers=headers) as answer:
        body = await answer.content.read(MOST_BYTES)
        took = now() - began
        return Answer(answer.status, body, took * 1000, _ahead(answer.headers.get("Date"), at + took / 2))


def _ahead(date: str | None, ours: float) -> float | None:
    """How far *date* is ahead of *ours*; it was cut to whole seconds when it was written."""
    try:
        return None if date is None else parsedate_to_datetime(date).timestamp() + 0.5 - ours
    except (ValueError, TypeError):
        return None


def _silence(exc: Exception) -> Silence:
    cause = exc.os_error if isinstance(exc, aiohttp.ClientConnectorError) else exc
    if isinstance(exc, aiohttp.ClientConnectorCertificateError):
        cause = exc.certificate_error
    match cause:
        case socket.gaierror():
            return Silence("its name does not resolve", "name")
        case ssl.SSLCertVerificationError():
            return Silence(f"its certificate is not good: {cause.verify_message}"[:200], "certificate")
        case ssl.SSLError():
            return Silence(f"no TLS there: {cause.reason or cause}"[:200], "certificate")
        case ConnectionRefusedError():
            return Silence("connection refused", "refused")
        case OSError():
            return Silence(f"cannot connect: {cause.strerror or cause}", "other")
        case _:
            return Silence(f"not HTTP as it should be: {type(exc).__name__}", "other")
