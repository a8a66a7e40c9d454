"""A try that failed: whether another node is to be asked, and when this one may be again."""

import asyncio
from dataclasses import dataclass
from functools import cached_property

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from pydantic import ValidationError

from autorouter.api.onward import headers
from autorouter.api.onward.stops import Stop
from autorouter.core.units import Seconds
from autorouter.wire.base import Wire

ELSEWHERE = frozenset({429, 502, 503, 504})
"""Statuses of an answer that another node may well be spared."""

OWN_RATE = "rate_limited"
"""A node's code for a key or a client that asks too often: it would everywhere."""

LARGEST_FAILURE = 64 << 10
FAILURE_S = Seconds(2.0)
"""For the words in which a node refuses."""

UNSAID = Seconds(5.0)
"""Taken for the wait of a node that does not say how long."""


AWAY = frozenset({"draining", "engine_unavailable"})
"""Codes of a node that has nothing for anybody now."""

OF_A_MODEL = frozenset({"over_capacity", "starting"})
"""Codes of a node that may have everything for who asks for another model."""


class Said(Wire):
    """All that a router reads of a refusal."""

    code: str


@dataclass(frozen=True)
class Failure:
    """A node's refusal, which is passed on only if every node has one, or if it is final."""

    region: str
    status: int
    headers: CIMultiDict[str]
    body: bytes

    def __str__(self) -> str:
        return f"answered {self.status}"

    @cached_property
    def code(self) -> str | None:
        """Which refusal it is, if the node is one of ours."""
        try:
            return Said.model_validate_json(self.body).code
        except ValidationError:
            return None

    @property
    def is_final(self) -> bool:
        """Whether any other node would say the same."""
        return self.status == 429 and self.code == OWN_RATE

    @property
    def wait(self) -> Seconds:
        """After which it may be asked again, as far as it says."""
        for name, unit in (("retry-after-ms", 0.001), ("Retry-After", 1.0)):
            if (said := self.headers.get(name, "")).isdecimal() and len(said) < 9:
                return Seconds(int(said) * unit)
        return UNSAID

    def response(self) -> web.Response:
        """As an answer."""
        return web.Response(status=self.status, body=self.body, headers=self.headers)


@dataclass(frozen=True, slots=True)
class Missed:
    """No answer, or none that can be passed on."""

    words: str
    is_away: bool
    """There is no connection to be had: so it is for everybody."""

    def __str__(self) -> str:
        return self.words


def is_elsewhere(answer: aiohttp.ClientResponse) -> bool:
    """Whether *answer* is a refusal that another node may not have.

    ``x-should-retry`` of a 429 is about this node: "true" is the client's own rate, so no reason to go where it has
    another; "false" is a full node. Of any other status "false" is about the request, which would fail everywhere.
    """
    final = "true" if answer.status == 429 else "false"
    return answer.status in ELSEWHERE and answer.headers.get("x-should-retry") != final


async def failure(stop: Stop, answer: aiohttp.ClientResponse) -> Failure:
    """*answer* as far as it is worth keeping."""
    try:
        async with asyncio.timeout(FAILURE_S):
            body = await answer.content.read(LARGEST_FAILURE)
            while len(body) < LARGEST_FAILURE and (more := await answer.content.read(LARGEST_FAILURE - len(body))):
                body += more
    finally:
        answer.close()
    kept = headers.answered(answer.headers)
    kept.popall("Content-Length", None)
    return Failure(stop.region, answer.status, kept, body)


def missed(exc: Exception) -> Missed:
    """What *exc* was."""
    cause = exc.os_error if isinstance(exc, aiohttp.ClientConnectorError) else exc
    match cause:
        case ConnectionRefusedError():
            return Missed("refused", is_away=True)
        case TimeoutError():
            return Missed("did not answer in time", is_away=True)
        case ConnectionError() | aiohttp.ServerDisconnectedError() | aiohttp.ClientOSError():
            return Missed("broke off", is_away=True)
        case _:
            return Missed("could not be asked", is_away=False)
