"""What a router says: where to go, for how long, and where else. How it is asked, and how its answer is read.

Pure: no network, no clock.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode, urlsplit

from autorouter.client.headers import pause

Headers = Mapping[str, str]
"""With names in lower case, or a mapping that does not mind."""

Asked = Mapping[str, object]
"""Parameters of ``GET /v1/route``, by name."""

TTL = 60.0

HOST = re.compile(r"[A-Za-z0-9._:%-]+")


class RouterError(Exception):
    """The router could not be asked, or (then there is a `status`) answered something other than a route."""

    def __init__(
        self, message: str, status: int | None = None, headers: Headers | None = None, body: bytes = b""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})
        self.body = body

    @property
    def code(self) -> str | None:
        """The router's own word for what is wrong, such as ``model_not_found``."""
        found = _parsed(self.body).get("code")
        return found if isinstance(found, str) else None

    @property
    def wait(self) -> float:
        """Seconds after which the router wants to be asked again."""
        return pause(self.headers, 0.0)


@dataclass(frozen=True, slots=True)
class Place:
    """A region and where its nodes answer."""

    region: str
    endpoint: str
    """Base URL without a path: append ``/v1/…``."""
    rtt_ms: float = 0.0
    """Expected round trip; 0 if nobody knows."""


@dataclass(frozen=True, slots=True)
class Route(Place):
    """A router's answer."""

    name: str = ""
    """What people call the region."""
    ttl: float = TTL
    """Seconds that this holds."""
    alternates: tuple[Place, ...] = ()
    """Where else, best first."""
    probe: str | None = None
    """A URL that the router wants fetched once, over a fresh connection, when nothing else is to do."""

    @property
    def places(self) -> tuple[Place, ...]:
        """Everything that may be tried, in the order in which it should be."""
        return Place(self.region, self.endpoint, self.rtt_ms), *self.alternates


@dataclass(frozen=True, slots=True)
class Lease:
    """A route, and until when it counts."""

    route: Route
    etag: str
    until: float
    """From then on news is fetched: this is used meanwhile …"""
    meanwhile: float
    """… for so many seconds …"""
    if_error: float
    """… and for so many if the router does not answer."""


def question(router: str, asked: Asked, model: object, exclude: Sequence[str], previous: str | None) -> str:
    """The URL to ask. *model* is a name, several, or None."""
    models = [model] if isinstance(model, str) else list(model) if isinstance(model, Sequence) else []
    said = {**asked, "previous": previous, "exclude": list(exclude)}
    pairs = [("model", each) for each in models] + [(name, _text(value)) for name, value in said.items()]
    return f"{router}/v1/route?{urlencode([(name, value) for name, value in pairs if value])}"


def _text(value: object) -> str:
    """As the router reads it: lists with commas."""
    if value is None or isinstance(value, str):
        return value or ""
    return ",".join(map(str, value)) if isinstance(value, Sequence) else str(value)


def base_of(router: str) -> str:
    """*router* without a slash at its end. Raises `ValueError` for what is no URL."""
    parts = urlsplit(router)
    if parts.scheme not in {"http", "https"} or not HOST.fullmatch(parts.hostname or "") or parts.port == 0:
        raise ValueError(f"expected the router's URL, such as https://router.example; found {router!r}")
    return router.rstrip("/")


def lease_of(router: str, status: int, headers: Headers, body: bytes, old: Lease | None, now: float) -> Lease:
    """What an answer to `question` says. Raises `RouterError`."""
    if status == 304 and old is not None:
        return _timed(old, headers, now, old.route.ttl)
    told = _parsed(body)
    if status != 200:
        why = told.get("detail") or body[:80].decode(errors="replace")
        raise RouterError(f"autorouter: the router {router} answered {status}: {why}", status, headers, body)
    try:
        route = _route(told)
    except (AttributeError, KeyError, TypeError, ValueError):
        said = body[:80].decode(errors="replace")
        raise RouterError(f"autorouter: {router} answered /v1/route with no route: {said}") from None
    return _timed(Lease(route, headers.get("etag", ""), now, 0, 0), headers, now, route.ttl)


def _route(told: Mapping[str, object]) -> Route:
    first, others, probe = _place(told), told.get("alternates") or (), told.get("probe")
    ttl = told.get("ttl", TTL)
    return Route(
        region=first.region,
        endpoint=first.endpoint,
        rtt_ms=first.rtt_ms,
        name=str(told.get("name") or first.region),
        ttl=float(ttl) if isinstance(ttl, int | float) and ttl > 0 else TTL,
        alternates=tuple(map(_place, others if isinstance(others, list) else ())),
        probe=str(probe["url"]) if isinstance(probe, dict) and "url" in probe else None,
    )


def _place(told: Mapping[str, object]) -> Place:
    rtt = told.get("rtt_ms")
    endpoint = base_of(str(told["endpoint"]))
    return Place(str(told["region"]), endpoint, float(rtt) if isinstance(rtt, int | float) else 0.0)


def _timed(lease: Lease, headers: Headers, now: float, ttl: float) -> Lease:
    said = {name: float(value) for name, value in re.findall(r"([a-z-]+)=(\d+)", headers.get("cache-control", ""))}
    return replace(
        lease,
        until=now + said.get("max-age", ttl),
        meanwhile=said.get("stale-while-revalidate", 30.0),
        if_error=said.get("stale-if-error", 3600.0),
    )


def _parsed(body: bytes) -> Mapping[str, object]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
