"""What is not even HTTP is told in our shape too.

aiohttp answers a malformed request before any middleware sees it, with a page of its own and a traceback in the log
for everyone who knocks. It has no setting for that, hence the one liberty taken here: the objects that it makes for
its connections are given our class.
"""

import asyncio

from aiohttp import HttpVersion10, HttpVersion11, web
from aiohttp.web_protocol import RequestHandler
from yarl import URL

from node_agent.api.problems import Fail, Failed

LINGER = 0.25
"""Seconds that a connection outlives its client's last word."""


def require_plain(request: web.Request) -> None:
    """Raises `Failed` for what aiohttp takes and should not: other versions of HTTP, and targets elsewhere."""
    if request.version not in {HttpVersion10, HttpVersion11}:
        request._cache["version"] = HttpVersion11  # noqa: SLF001 - what the answer says of itself is read there
        raise Failed("bad_request", "the request cannot be read: expected HTTP/1.1 or 1.0")
    target = request.raw_path
    if target[:1] not in {"/", "*"} and URL(target, encoded=True).raw_authority != request.headers.get("Host"):
        raise Failed("bad_request", "the request cannot be read: its target is not what its Host says")


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
            response = Fail("internal", "the node could not finish this request; its log knows why").response()
        else:
            response = Fail("bad_request", f"the request cannot be read: {_first_line(message or '')}").response()
        response.force_close()
        return response


def _first_line(message: str) -> str:
    """What aiohttp says is wrong, without the bytes that it shows below."""
    line = (message.strip() or "it is not HTTP").splitlines()[0]
    return "".join(letter for letter in line if letter.isprintable())[:160].rstrip(" :")


class _FrontServer(web.Server):
    """Makes such connections; "server" is aiohttp's word for what does."""

    def __call__(self) -> RequestHandler:
        connection = super().__call__()
        connection.__class__ = Front
        return connection


class FrontRunner(web.AppRunner):
    """Runs an application behind `Front`."""

    async def setup(self) -> None:
        """Make ready to listen."""
        await super().setup()
        if self.server is not None:
            self.server.__class__ = _FrontServer
