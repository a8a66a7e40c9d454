"""The answer to who follows redirects: 307, to the node, with a referral in place of the key that will be dropped."""

from collections.abc import Callable
from secrets import token_bytes
from urllib.parse import quote, urlencode

from aiohttp import web

from autorouter.api.onward.stops import Stop
from autorouter.api.question import Pairs
from autorouter.wire.key import Key
from autorouter.wire.referral import LONGEST_CREDENTIAL, PARAMETER, Referral, write

HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}

TEXT = "The node that starts first is at Location. Follow it by POST with the same body, or ask with ?mode=proxy.\n"


class Referrer:
    """Writes referrals with *key*; *unix_now* is the wall clock, which routers and nodes share to half a minute."""

    def __init__(self, key: Key, unix_now: Callable[[], float]) -> None:
        self._key = key
        self._now = unix_now

    def pair(self, request: web.Request, stop: Stop, model: str | None) -> Pairs:
        """What is added to the query, for *stop* to be asked for *model*."""
        credential = request.headers.get("Authorization")
        said = Referral(stop.region, stop.nodes, f"{request.method} {request.path}", model, credential)
        return ((PARAMETER, write(self._key, said, int(self._now()), token_bytes(16))),)


def can_carry(request: web.Request, referrer: Referrer | None) -> bool:
    """Whether what *request* shows gets to the node all the same, if its client is sent there."""
    shown = request.headers.getall("Authorization", [])
    if not shown:
        return True
    return referrer is not None and len(shown) == 1 and len(shown[0]) <= LONGEST_CREDENTIAL


def redirect(request: web.Request, stop: Stop, query: Pairs, reason: str) -> web.Response:
    """To *stop*, with *query*."""
    asked = f"?{urlencode(query, quote_via=quote)}" if query else ""
    told = {"Location": f"{stop.endpoint}{request.path}{asked}", **HEADERS}
    told |= {"x-autorouter-region": stop.region, "x-autorouter-reason": reason}
    return web.Response(status=307, text=TEXT, headers=told)
