"""Connections that notice when their other end says nothing at all, or takes nothing, as a node does that hangs.

A slow first word is no failure: a prompt may be long, a model cold. So while a node is silent it is looked at beside
the call: one that is busy answers that, one that hangs does not. No call is made twice that is merely slow.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from selectors import EVENT_WRITE, DefaultSelector
from types import ModuleType
from typing import Any, Protocol

from autorouter.client.clock import now

SILENT = "silent"

WORN = "a kept connection had ended"
"""So the node did not take the request: it may have it once more."""

SILENCE = 0.15
"""Seconds without a word after which a node is looked at …"""

SHARE = 0.1
"""… and again after such a share of what was waited so far …"""

LONGEST_SILENCE = 5.0
"""… or so long, if that is less."""

UPLOAD = 1_000_000.0
"""Bytes a second: while a body may still be on its way, silence means nothing."""

YOUNG = 0.05
"""Seconds within which the end of a kept connection is told; what ends later had taken the request."""

PATIENT: ContextVar[bool] = ContextVar("autorouter_patient", default=False)
"""Whether there is nowhere else to go."""

SLICE = 0.02
"""Seconds between two glances at a look that is under way."""

PIECE = 16_384
"""Bytes that are written at once: less than any socket's buffer."""


class Verdict(Protocol):
    """A look that is under way: a future, or a task."""

    def done(self) -> bool:
        """Whether it is over."""
        ...

    def result(self) -> bool:
        """Whether the node says anything."""
        ...


Look = Callable[[str], Verdict]
"""Begins a look at the node of an origin, or joins the one that is under way."""


class _Watch:
    """One wait for a node: what is to be done when *pause* seconds have brought nothing."""

    def __init__(self, look: Callable[[], Verdict], grace: float, error: type[Exception]) -> None:
        self._look, self._error = look, error
        self._began = now()
        self._verdict: Verdict | None = None
        self._pause = SILENCE + grace

    def pause(self, end: float | None) -> float:
        """Seconds to wait before `lapsed`, within what is left until *end*."""
        return self._pause if end is None else max(0.0, min(self._pause, end - now()))

    @property
    def is_young(self) -> bool:
        """Whether hardly anything was waited yet."""
        return now() - self._began < YOUNG

    def lapsed(self) -> None:
        """Nothing came. Raises if the node was looked at, and says nothing to that either."""
        if PATIENT.get():
            self._pause = LONGEST_SILENCE
            return
        if self._verdict is None:
            self._verdict, self._pause = self._look(), SLICE
        elif self._verdict.done():
            if not self._verdict.result():
                raise self._error(SILENT)
            self._verdict = None
            self._pause = min(max(SILENCE, SHARE * (now() - self._began)), LONGEST_SILENCE)


class _Stream:
    """What both kinds of connection have; in all else they are the one inside."""

    def __init__(self, inner: Any, origin: str, look: Look, core: ModuleType) -> None:  # noqa: ANN401 - of either httpcore
        self._inner, self._origin, self._look, self._core = inner, origin, look, core
        self._served = False
        self._written: int | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._inner, name)

    def _watch(self, grace: float, error: str) -> _Watch:
        return _Watch(lambda: self._look(self._origin), grace, getattr(self._core, error))

    def _wrote(self, size: int) -> None:
        self._written = (self._written or 0) + size

    def _heard(self, data: bytes, watch: _Watch) -> bytes:
        if not data and self._served and watch.is_young:
            raise self._core.ReadError(WORN)
        self._written, self._served = None, True
        return data

    def _worn(self, exc: Exception, *, is_young: bool = True) -> Exception:
        """*exc*, or that a connection which served before was closed meanwhile: then that is found at once."""
        is_worn = self._served and is_young and SILENT not in str(exc)
        return self._core.ReadError(WORN) if is_worn else exc


class Stream(_Stream):
    """For threads."""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """As httpcore has it; raises its ``WriteError`` if the other end takes nothing and hangs."""
        try:
            for at in range(0, len(buffer), PIECE):
                if len(buffer) > PIECE:
                    self._await_room(timeout)
                self._inner.write(buffer[at : at + PIECE], timeout)
        except self._core.WriteError as exc:
            raise self._worn(exc) from exc
        self._wrote(len(buffer))

    def _await_room(self, timeout: float | None) -> None:
        """Return when there is room, or when time is over: the write itself will say so."""
        end = None if timeout is None else now() + timeout
        watch = self._watch(0.0, "WriteError")
        with DefaultSelector() as selector:
            selector.register(self._inner.get_extra_info("socket"), EVENT_WRITE)
            while (pause := watch.pause(end)) and not selector.select(pause):
                watch.lapsed()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """As httpcore has it; raises its ``ReadError`` if the other end hangs."""
        if self._written is None:
            return self._inner.read(max_bytes, timeout)  # type: ignore[no-any-return]  # of either httpcore
        end = None if timeout is None else now() + timeout
        watch = self._watch(self._written / UPLOAD, "ReadError")
        while True:
            try:
                return self._heard(self._inner.read(max_bytes, watch.pause(end)), watch)
            except self._core.ReadTimeout:
                if end is not None and now() >= end:
                    raise
                watch.lapsed()
            except self._core.ReadError as exc:
                raise self._worn(exc, is_young=watch.is_young) from exc

    def start_tls(self, *args: object, **kwargs: object) -> "Stream":
        """As httpcore has it."""
        return Stream(self._inner.start_tls(*args, **kwargs), _secure(self._origin), self._look, self._core)


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


class AsyncStream(_Stream):
    """For tasks."""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109 - httpcore's signature
        """As httpcore has it; raises its ``WriteError`` if the other end takes nothing and hangs."""
        try:
            if len(buffer) > PIECE:
                await self._write_watched(self._inner.write(buffer, timeout))
            else:
                await self._inner.write(buffer, timeout)
        except self._core.WriteError as exc:
            raise self._worn(exc) from exc
        self._wrote(len(buffer))

    async def _write_watched(self, write: Awaitable[None]) -> None:
        """A write cannot be taken up again, so it goes on by itself while it is watched."""
        writing = asyncio.ensure_future(write)
        watch = self._watch(0.0, "WriteError")
        try:
            while not (await asyncio.wait({writing}, timeout=watch.pause(None)))[0]:
                watch.lapsed()
        finally:
            if not writing.done():
                writing.cancel()
                await asyncio.wait({writing})
        writing.result()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - same
        """As httpcore has it; raises its ``ReadError`` if the other end hangs."""
        if self._written is None:
            return await self._inner.read(max_bytes, timeout)  # type: ignore[no-any-return]  # of either httpcore
        end = None if timeout is None else now() + timeout
        watch = self._watch(self._written / UPLOAD, "ReadError")
        while True:
            try:
                return self._heard(await self._inner.read(max_bytes, watch.pause(end)), watch)
            except self._core.ReadTimeout:
                if end is not None and now() >= end:
                    raise
                watch.lapsed()
            except self._core.ReadError as exc:
                raise self._worn(exc, is_young=watch.is_young) from exc

    async def start_tls(self, *args: object, **kwargs: object) -> "AsyncStream":
        """As httpcore has it."""
        stream = await self._inner.start_tls(*args, **kwargs)
        return AsyncStream(stream, _secure(self._origin), self._look, self._core)


class AsyncBackend:
    """Makes such connections."""

    def __init__(self, inner: Any, look: Look, core: ModuleType) -> None:  # noqa: ANN401 - of either httpcore
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
