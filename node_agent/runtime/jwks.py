"""Where public keys come from: a file, or a URL that is asked again now and then. The last good ones are kept."""

import asyncio
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import structlog
from yarl import URL

from node_agent.core.errors import ConfigError
from node_agent.runtime import aside
from node_agent.runtime.tokens import Trust, trust

VARIABLE = "AUTOROUTER_JWKS"

EVERY_S = 300.0
"""Between two looks: publish a new key this long before it signs, and for as long withdraw an old one earlier."""

AGAIN_S = 10.0
"""After a look that failed."""

DEADLINE_S = 5.0
MOST_BYTES = 64 * 1024
"""256 keys."""

_log = structlog.get_logger()


class Jwks:
    """One place of public keys. *kept* is where the last good ones outlive the process; None: nowhere."""

    def __init__(self, where: str, kept: Path | None = None) -> None:
        self._where = where
        self._kept = kept
        self.is_remote = where.startswith(("http://", "https://"))
        if self.is_remote:
            _require_safe(URL(where))

    def first(self) -> Trust:
        """What is at hand at the start: the file, or what the URL said last. Raises `ConfigError` for a bad file."""
        if not self.is_remote:
            return self.read()
        try:
            return trust(self._kept.read_bytes(), VARIABLE) if self._kept else {}
        except (OSError, ConfigError):
            return {}  # the first look will tell

    def read(self) -> Trust:
        """The file. Raises `ConfigError`."""
        try:
            return trust(Path(self._where).read_bytes()[: MOST_BYTES + 1], f"{VARIABLE}={self._where}")
        except OSError as exc:
            raise ConfigError(f"{VARIABLE}={self._where}: cannot be read: {exc.strerror}") from exc

    async def fetch(self) -> Trust:
        """What the URL says now. Raises `ConfigError`."""
        try:
            async with asyncio.timeout(DEADLINE_S), aiohttp.ClientSession() as session:
                body = await self._body(session)
        except TimeoutError as exc:
            raise ConfigError(f"{VARIABLE}: no answer within {DEADLINE_S:g} s") from exc
        except (aiohttp.ClientError, OSError, ValueError) as exc:
            raise ConfigError(f"{VARIABLE}: {type(exc).__name__}: {exc!s:.160}") from exc
        found = trust(body, VARIABLE)
        await asyncio.to_thread(self._keep, body)
        return found

    async def _body(self, session: aiohttp.ClientSession) -> bytes:
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        async with session.get(self._where, allow_redirects=False, headers=headers) as answer:
            if answer.status != 200:
                raise ConfigError(f"{VARIABLE}: answered {answer.status}, expected 200")
            body = bytearray()
            async for chunk in answer.content.iter_chunked(8192):
                body += chunk
                if len(body) > MOST_BYTES:
                    raise ConfigError(f"{VARIABLE}: answered more than {MOST_BYTES} bytes")
            return bytes(body)

    def _keep(self, body: bytes) -> None:
        if self._kept is None:
            return
        try:
            aside.write(self._kept, (body,))
        except OSError as exc:
            _log.warning("jwks_not_kept", reason=exc.strerror)


def _require_safe(url: URL) -> None:
    """Over plain http whoever is in between could say which keys count."""
    if url.user or url.password:
        raise ConfigError(f"{VARIABLE}: expected a URL without a password in it")
    if url.scheme == "http" and not _is_loopback(url.host or ""):
        raise ConfigError(f"{VARIABLE}: expected https, found http to another machine")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
