"""What both shells do with requests and answers, whichever flavour they are of."""

from collections.abc import MutableMapping
from functools import lru_cache
from types import ModuleType
from typing import Protocol

from autorouter.client.flavour import Flavour
from autorouter.client.headers import FAILURES
from autorouter.client.model import model_of
from autorouter.client.route import Place, RouterError
from autorouter.client.walk import Ending, Tried

CONNECT = 0.4
"""Seconds to connect in, besides three round trips (TCP, TLS): a region that is not there must not cost more."""

QUESTION = 3.0
"""Seconds that a router may take."""

PROBE = 2.0
"""Seconds that a probe may take; nobody waits for it."""


Question = tuple[str | None, tuple[str, ...]]
"""A model, and regions to exclude."""


class Url(Protocol):
    """Of httpx or httpx2."""

    netloc: bytes
    query: bytes
    raw_path: bytes


class Request(Protocol):
    """Of httpx or httpx2."""

    url: Url
    headers: MutableMapping[str, str]
    extensions: MutableMapping[str, object]
    stream: object

    def read(self) -> bytes:
        """Its body, whole."""
        ...

    async def aread(self) -> bytes:
        """The same, awaited."""
        ...


class Response(Protocol):
    """Of httpx or httpx2."""

    status_code: int
    headers: MutableMapping[str, str]
    stream: object


def opened(request: Request, body: bytes, flavour: Flavour) -> str | None:
    """Make *request*, whose *body* is read, one that can be sent more than once; the model that it names."""
    if request.headers.get("transfer-encoding"):
        del request.headers["transfer-encoding"]
        request.headers["content-length"] = str(len(body))
    request.stream = flavour.http.ByteStream(body)
    return model_of(request.headers.get("content-type", ""), request.url.query, body)


def aim(request: Request, place: Place, flavour: Flavour) -> None:
    """Have *request* go to *place*; its path stays."""
    request.url, request.headers["host"] = _there(flavour.http, place.endpoint, request.url.raw_path)
    waits = request.extensions.get("timeout")
    told = dict(waits) if isinstance(waits, dict) else {}
    ours = CONNECT + 3 * place.rtt_ms / 1000
    theirs = told.get("connect")
    request.extensions = {**request.extensions, "timeout": told | {"connect": min(ours, theirs or ours)}}


@lru_cache(1024)
def _there(http: ModuleType, endpoint: str, path: bytes) -> tuple[Url, str]:
    """The URL, and what ``Host`` says for it; remembered, for parsing one takes longer than all else here."""
    url: Url = http.URL(endpoint + path.decode("ascii"))
    return url, url.netloc.decode("ascii")


def tried(response: Response) -> Tried:
    """What came of a try that was answered."""
    status = response.status_code
    return Tried(str(status) if status in FAILURES else None, response, status, response.headers)


def dress(response: Response, ending: Ending) -> None:
    """Say in *response* who gave it."""
    if response.status_code == 429:
        response.headers.pop("x-should-retry", None)  # "not here": but the next try may well go elsewhere
    for name, value in ending.headers.items():
        response.headers[name] = value


def lost(ending: Ending, request: Request, flavour: Flavour) -> Exception:
    """No region answered."""
    error: Exception = flavour.http.ConnectError(f"autorouter: no region answered ({ending.reason})", request=request)
    error.__cause__ = ending.tried.error
    return error


def refused(exc: RouterError, request: Request, flavour: Flavour) -> Response:
    """What the router refused, as an answer: OpenAI's clients read its errors. Raises if it did not."""
    if exc.code is None:
        raise flavour.http.ConnectError(str(exc), request=request) from exc
    told = {name: value for name, value in exc.headers.items() if name not in {"content-encoding", "content-length"}}
    response: Response = flavour.http.Response(exc.status, headers=told, content=exc.body, request=request)
    return response
