"""Connections that notice when their other end says nothing at all, which a node does that hangs.

A slow first word is no failure: a prompt may be long, a model cold. So while a node is silent it is looked at beside
the call: one that is busy answers that, one that hangs does not. No call is made twice that is merely slow.
"""

from collections.abc import Awaitable, Callable, Iterator
from types import ModuleType
from typing import Any

from autorouter.client.clock import now

SILENT = "silent"

SILENCE = 0.15
"""Seconds without a word after which a node is looked at; before each further look twice as long …"""

LONGEST_SILENCE = 5.0
"""… and so long at most."""

UPLOAD = 1_000_000.0
"""Bytes a second: while a body may still be on its way, silence means nothing."""

GRACE = 0.01
"""Seconds for what has arrived meanwhile to be read."""

Look = Callable[[str], bool]
"""Whether the node at a URL's origin says anything."""

AsyncLook = Callable[[str], Awaitable[bool]]


class _Patience:
    """How long a stream waits for the first word of an answer, between looks."""

    def __init__(self) -> None:
        self._written: int | None = None

    def wrote(self, size: int) -> None:
        """So much more of a request is on its way."""
        self._written = (self._written or 0) + size

    def heard(self) -> None:
        """The answer has begun: what is silent now may be thinking."""
        self._written = None

    def waits(self, timeout: float | None) -> Iterator[float]:
        """Seconds to wait before each look, as long as *timeout* allows one."""
        if self._written is None:
            return
        end = None if timeout is None else now() + timeout
        silence = SILENCE + self._written / UPLOAD
        while end is None or now() + silence < end:
            yield silence
            silence = min(2 * silence, LONGEST_SILENCE)


class Stream:
    """A connection of httpcore's that is watched; in all else it is the one inside."""

    def __init__(self, inner: Any, origin: str, look: Look, core: ModuleType) -> None:  # noqa: ANN401 - of either httpcore
        self._inner, self._origin, self._look, self._core = inner, origin, look, core
        self._patience = _Patience()

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As httpcore has it."""
        self._inner.write(buffer, timeout)
        self._patience.wrote(len(buffer))

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As httpcore has it; raises its ``ReadError`` if the other end hangs."""
        end = None if timeout is None else now() + timeout
        for wait in self._patience.waits(timeout):
            try:
                return self._heard(self._inner.read(max_bytes, wait))
            except self._core.ReadTimeout:
                if not self._look(self._origin):
                    return self._last_chance(max_bytes)
        return self._heard(self._inner.read(max_bytes, None if end is None else max(0.0, end - now())))

    def start_tls(self, *args: object, **kwargs: object) -> "Stream":
        """As httpcore has it."""
        return Stream(self._inner.start_tls(*args, **kwargs), _secure(self._origin), self._look, self._core)

    def _last_chance(self, max_bytes: int) -> bytes:
        try:
            return self._heard(self._inner.read(max_bytes, GRACE))
        except self._core.ReadTimeout:
            raise self._core.ReadError(SILENT) from None

    def _heard(self, data: bytes) -> bytes:
        self._patience.heard()
        return data


class Backend:
    """Makes such connections."""

    def __init__(self, inner: Any, look: Look, core: ModuleType) -> None:  # noqa: ANN401 - of either httpcore
        self._inner, self._look, self._core = inner, look, core

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def connect_tcp(self, host: str, port: int, *args: object, **kwargs: object) -> Stream:
        """As httpcore has it."""
        stream = self._inner.connect_tcp(host, port, *args, **kwargs)
        return Stream(stream, _origin(host, port), self._look, self._core)


class AsyncStream:
    """The same for tasks."""

    def __init__(self, inner: Any, origin: str, look: AsyncLook, core: ModuleType) -> None:  # noqa: ANN401 - as above
        self._inner, self._origin, self._look, self._core = inner, origin, look, core
        self._patience = _Patience()

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's signature
        """As httpcore has it."""
        await self._inner.write(buffer, timeout)
        self._patience.wrote(len(buffer))

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - same
        """As httpcore has it; raises its ``ReadError`` if the other end hangs."""
        end = None if timeout is None else now() + timeout
        for wait in self._patience.waits(timeout):
            try:
                return self._heard(await self._inner.read(max_bytes, wait))
            except self._core.ReadTimeout:
                if not await self._look(self._origin):
                    return await self._last_chance(max_bytes)
        return self._heard(await self._inner.read(max_bytes, None if end is None else max(0.0, end - now())))

    async def start_tls(self, *args: object, **kwargs: object) -> "AsyncStream":
        """As httpcore has it."""
        stream = await self._inner.start_tls(*args, **kwargs)
        return AsyncStream(stream, _secure(self._origin), self._look, self._core)

    async def _last_chance(self, max_bytes: int) -> bytes:
        try:
            return self._heard(await self._inner.read(max_bytes, GRACE))
        except self._core.ReadTimeout:
            raise self._core.ReadError(SILENT) from None

    def _heard(self, data: bytes) -> bytes:
        self._patience.heard()
        return data


class AsyncBackend:
    """Makes such connections."""

    def __init__(self, inner: Any, look: AsyncLook, core: ModuleType) -> None:  # noqa: ANN401 - as above
        self._inner, self._look, self._core = inner, look, core

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    async def connect_tcp(self, host: str, port: int, *args: object, **kwargs: object) -> AsyncStream:
        """As httpcore has it."""
        stream = await self._inner.connect_tcp(host, port, *args, **kwargs)
        return AsyncStream(stream, _origin(host, port), self._look, self._core)


def _origin(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _secure(origin: str) -> str:
    return origin.replace("http://", "https://", 1)
