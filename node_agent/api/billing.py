"""Bills each request once it is known what reached the client, which is after the handler is done."""

from collections.abc import Iterator

from aiohttp import web
from aiohttp.typedefs import Handler

from node_agent.api.edge import EDGE
from node_agent.api.flow import taken
from node_agent.core.account import Account
from node_agent.core.delivery import Sent
from node_agent.runtime.till import Till

PENDING = web.RequestKey("pending", list[Account])
"""What models did for a request whose answer has not begun to go out."""

BEGUN = web.RequestKey("begun", bool)
COUNTED = web.RequestKey("counted", bool)

PIECE = 64 * 1024
"""Bytes of a whole answer that a client must take before the node loses patience."""


def settle(request: web.Request, account: Account) -> None:
    """Take in how a model served *request*: what was streamed is billed now, what is whole once sent."""
    if request.get(BEGUN, False):
        _bill(request, account, Sent.STREAMED)
    else:
        request.setdefault(PENDING, []).append(account)


class Tab:
    """What is billed once all of it is done, and else not at all: nobody gets half of a job."""

    def __init__(self, till: Till) -> None:
        self._till = till
        self._accounts: list[Account] = []

    def settle(self, account: Account) -> None:
        """Take in how a model served a part."""
        self._accounts.append(account)

    def close(self) -> None:
        """Bill all of it, as one request."""
        counted = False
        for account in self._accounts:
            counted |= self._till.take(account, Sent.WHOLE, requests=int(not counted))


async def begin(request: web.Request, _response: web.StreamResponse) -> None:
    """The answer begins to go out; a signal of aiohttp's."""
    request[BEGUN] = True


@web.middleware
async def billed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Send a whole answer here and not later, so that one whose client has left is not billed."""
    try:
        response = await handler(request)
    except BaseException:
        _settle_pending(request, Sent.STREAMED if request.get(BEGUN, False) else Sent.NOT)
        raise
    if response.prepared:
        _settle_pending(request, Sent.STREAMED)
    elif PENDING in request:
        await _send(request, response)
        _settle_pending(request, Sent.WHOLE)
    return response


def _settle_pending(request: web.Request, sent: Sent) -> None:
    """A recording in pieces has several accounts, and those of its first ones may be older than the answer."""
    for account in request.get(PENDING, []):
        _bill(request, account, sent)


def _bill(request: web.Request, account: Account, sent: Sent) -> None:
    """However many accounts it has, it is one request."""
    counted = request.get(COUNTED, False)
    request[COUNTED] = request.app[EDGE].till.take(account, sent, requests=int(not counted)) or counted


async def _send(request: web.Request, response: web.StreamResponse) -> None:
    """All of it. A client that takes nothing for long is cut off, as one that does not read its stream."""
    body, patience = getattr(response, "body", None), request.app[EDGE].patience
    await response.prepare(request)
    for piece in _pieces(body) if isinstance(body, bytes) else ():
        await taken(request, web.StreamResponse.write(response, piece), patience)
    ending = web.StreamResponse.write_eof(response) if isinstance(body, bytes) else response.write_eof()
    await taken(request, ending, patience)


def _pieces(body: bytes) -> Iterator[bytes]:
    return (body[at : at + PIECE] for at in range(0, len(body), PIECE))
