"""Makes clients for those who speak HTTP through httpx or httpx2, as OpenAI's do."""

from ssl import SSLContext
from typing import TYPE_CHECKING, Literal, cast, overload

from autorouter.client.awaiting import AsyncTransport
from autorouter.client.awaiting_aside import AsyncAside
from autorouter.client.blocking import BlockingTransport
from autorouter.client.blocking_aside import Aside
from autorouter.client.clock import now
from autorouter.client.flavour import Flavour, flavour
from autorouter.client.guide import Guide
from autorouter.client.watch import AsyncBackend, Backend

if TYPE_CHECKING:
    import httpx
    import httpx2

TIMEOUT = 600.0
"""Seconds, as OpenAI's clients have it; they say their own with each call."""

MOST_CONNECTIONS = 1000
MOST_KEPT = 100


@overload
def http_client(
    router: str, *, using: Literal["httpx2"] | None = None, verify: SSLContext | bool = True, **asked: object
) -> "httpx2.Client": ...
@overload
def http_client(
    router: str, *, using: Literal["httpx"], verify: SSLContext | bool = True, **asked: object
) -> "httpx.Client": ...
def http_client(
    router: str, *, using: str | None = None, verify: SSLContext | bool = True, **asked: object
) -> "httpx.Client | httpx2.Client":
    """A ``Client`` for ``OpenAI(http_client=…)``: each request goes where *router* says.

    *using* says which of the two: unless said, openai's, or the one that is there. *verify* is theirs.
    Whatever else is *asked* is asked of the router each time: ``residency=["CA"]``, ``budget_ms=50``; see
    ``GET /v1/route``. Raises `ValueError` for a router that is no URL, `ImportError` if there is no httpx.
    """
    kind = flavour(using)
    guide = Guide(router, asked, now())
    beside = kind.http.HTTPTransport(verify=verify, limits=kind.http.Limits(max_keepalive_connections=0))
    aside = Aside(guide, kind.http.Client(transport=beside), kind)

    def make() -> object:
        inner = kind.http.HTTPTransport(verify=verify, limits=_limits(kind))
        # httpcore takes a backend of one's own, and httpx hands none on to it.
        inner._pool._network_backend = Backend(inner._pool._network_backend, aside.look, kind.core)  # noqa: SLF001
        return inner

    transport = BlockingTransport(guide, make, aside, kind)
    return cast("httpx2.Client", kind.http.Client(transport=transport, timeout=_timeout(kind)))


@overload
def async_http_client(
    router: str, *, using: Literal["httpx2"] | None = None, verify: SSLContext | bool = True, **asked: object
) -> "httpx2.AsyncClient": ...
@overload
def async_http_client(
    router: str, *, using: Literal["httpx"], verify: SSLContext | bool = True, **asked: object
) -> "httpx.AsyncClient": ...
def async_http_client(
    router: str, *, using: str | None = None, verify: SSLContext | bool = True, **asked: object
) -> "httpx.AsyncClient | httpx2.AsyncClient":
    """The same for ``AsyncOpenAI(http_client=…)``; under asyncio."""
    kind = flavour(using)
    guide = Guide(router, asked, now())
    beside = kind.http.AsyncHTTPTransport(verify=verify, limits=kind.http.Limits(max_keepalive_connections=0))
    aside = AsyncAside(guide, kind.http.AsyncClient(transport=beside), kind)

    def make() -> object:
        inner = kind.http.AsyncHTTPTransport(verify=verify, limits=_limits(kind))
        inner._pool._network_backend = AsyncBackend(inner._pool._network_backend, aside.look, kind.core)  # noqa: SLF001 - as above
        return inner

    transport = AsyncTransport(guide, make, aside, kind)
    return cast("httpx2.AsyncClient", kind.http.AsyncClient(transport=transport, timeout=_timeout(kind)))


def _limits(kind: Flavour) -> object:
    return kind.http.Limits(max_connections=MOST_CONNECTIONS, max_keepalive_connections=MOST_KEPT)


def _timeout(kind: Flavour) -> object:
    return kind.http.Timeout(TIMEOUT, connect=5.0)
