"""Bills each request once it is known what reached the client, which is after the handler is done."""

from aiohttp import web
from aiohttp.typedefs import Handler

from node_agent.api.edge import EDGE
from node_agent.core.account import Account
from node_agent.core.delivery import Sent

PENDING = web.RequestKey("pending", list[Account])
"""What models did for a request whose answer has not begun to go out."""

BEGUN = web.RequestKey("begun", bool)


def settle(request: web.Request, account: Account) -> None:
    """Take in how a model served *request*: what was streamed is billed now, what is whole once sent."""
    if request.get(BEGUN, False):
        request.app[EDGE].till.take(account, Sent.STREAMED)
    else:
        request.setdefault(PENDING, []).append(account)


async def begin(request: web.Request, _response: web.StreamResponse) -> None:
    """The answer begins to go out; a signal of aiohttp's."""
    request[BEGUN] = True


@web.middleware
async def billed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Send a whole answer here and not later, so that one whose client has left is not billed."""
    response = await handler(request)
    pending = request.get(PENDING, [])
    if pending and not response.prepared:
        await response.prepare(request)
        await response.write_eof()
        for account in pending:
            request.app[EDGE].till.take(account, Sent.WHOLE)
    return response
