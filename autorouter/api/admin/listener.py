"""The admin API's own listener: a unix socket that its owner alone can use, or a port of this machine."""

import errno
import fcntl
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from aiohttp import web

from autorouter.api.front import FrontRunner


@asynccontextmanager
async def listening(app: web.Application, path: Path | None, host: str, port: int) -> AsyncIterator[str]:
    """*app* on the socket at *path*, else at *host*; yields where. Raises `OSError`."""
    async with AsyncExitStack() as stack:
        opened = stack.enter_context(_bound(path)) if path is not None else None
        # Whoever hangs up: what an operator has begun is done whole, and written down.
        runner = FrontRunner(app, shutdown_timeout=1.0, finished=True)
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        if opened is not None:
            await web.SockSite(runner, opened).start()
            yield f"unix:{path}"
            return
        await web.TCPSite(runner, host, port, reuse_address=True).start()
        name, number = runner.addresses[0][:2]
        yield f"[{name}]:{number}" if ":" in name else f"{name}:{number}"


@contextmanager
def _bound(path: Path) -> Iterator[socket.socket]:
    """A socket at *path* that nobody else can open; what a router that died left there is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC) as opened:
        with _alone(path):
            _clear(path)
            before = os.umask(0o177)
            try:
                opened.bind(str(path))
            finally:
                os.umask(before)
            opened.listen(16)
        ours = path.stat().st_ino
        try:
            yield opened
        finally:
            if path.exists() and path.stat().st_ino == ours:
                path.unlink()


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Of two routers that start at once, one after the other looks whether the place is free."""
    lock = os.open(path.with_name(f"{path.name}.lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _clear(path: Path) -> None:
    """Remove a socket on which nobody listens. Raises `OSError` if somebody does, or if it is no socket."""
    if not path.exists():
        return
    if not path.is_socket():
        raise OSError(errno.EEXIST, "is there and is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(1.0)
        try:
            asking.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
        except TimeoutError:
            pass
    raise OSError(errno.EADDRINUSE, "another router listens there")
