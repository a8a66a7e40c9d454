"""What is not even HTTP is told as a problem too.

aiohttp answers a malformed request before any middleware sees it, with a page of its own and a traceback in the log
for everyone who knocks, and has no setting for that. So the connections that it makes are given our class, which
overrides two public methods. Deadlines for slow clients get their room here.
"""

import asyncio

from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.web_protocol import RequestHandler
from yarl import URL

from autorouter.api.problems import refuse, response

LINGER = 0.25
"""Seconds that a connection outlives its client's last word."""


def require_plain(request: web.Request) -> None:
    """Raises a problem for what aiohttp takes and should not: other versions of HTTP, and targets elsewhere."""
    if request.version not in {HttpVersion10, HttpVersion11}:
        request._cache["version"] = HttpVersion11  # noqa: SLF001 - what the answer says of itself is read there
        raise refuse("bad_request", "expected HTTP/1.1 or 1.0")
    target = request.raw_path
    if target[:1] not in {"/", "*"} and URL(target, encoded=True).raw_authority != request.headers.get("Host"):
        raise refuse("bad_request", "the target is not what Host says")


class Front(RequestHandler):
    """A connection whose own refusals are problems."""

    __slots__ = ()

    def eof_received(self) -> bool:  # type: ignore[override]  # asyncio allows it; aiohttp's annotation is narrower
        """A client that has said all it will may still listen: what is quick to answer is answered.

        Closing at once, as aiohttp does, gives a request that ends in a half-close no answer at all. A client that is
        gone looks the same until something is written to it, hence the limit.
        """
        if self.transport is not None:
            asyncio.get_running_loop().call_later(LINGER, self.transport.close)
        return True

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to what could not be read (*status* 400), or to a defect outside all middleware (500)."""
        if request.writer.output_size > 0:
            raise ConnectionError("a part of another answer is sent already")
        if status >= 500:
            self.log_exception("defect outside the middleware", exc_info=exc)
            told = response(refuse("internal_error", "the router failed to answer; this is its own fault"))
        else:
            told = response(refuse("bad_request", f"this is not HTTP: {(message or '').strip()[:120]!a}"))
        told.force_close()
        return told


class _FrontServer(web.Server):
    """Makes such connections; "server" is aiohttp's word for what does."""

    def __call__(self) -> RequestHandler:
        connection = super().__call__()
        connection.__class__ = Front
        return connection


class FrontRunner(web.AppRunner):
    """Runs an application behind `Front`.

    A client that leaves takes its request along, and with it what a node does for it, unless requests are to be
    *finished*. Bodies come as they were
    sent: they are passed on so, and a router has no use for a few KiB that become a GiB.
    """

    def __init__(self, app: web.Application, *, shutdown_timeout: float = 60.0, finished: bool = False) -> None:
        super().__init__(
            app,
            access_log=None,
            shutdown_timeout=shutdown_timeout,
            handler_cancellation=not finished,
            auto_decompress=False,
        )

    async def setup(self) -> None:
        """Make ready to listen."""
        await super().setup()
        if self.server is not None:
            self.server.__class__ = _FrontServer
