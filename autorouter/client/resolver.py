"""Where to go, and no more: for whatever does not speak through httpx. Needs the standard library alone.

It remembers as the clients do: one question per model and lease, and an old answer while the router is away.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from http.client import HTTPException
from threading import Lock
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

from autorouter.client.aim import QUESTION
from autorouter.client.clock import now
from autorouter.client.guide import Age, Guide, Model
from autorouter.client.route import Lease, Route, RouterError


class BlockingResolver:
    """Asks *router*; whatever else is *asked* is asked each time: ``residency=["CA"]``; see ``GET /v1/route``."""

    def __init__(self, router: str, **asked: object) -> None:
        self._guide = Guide(router, asked, now())
        self._opener = build_opener(ProxyHandler({}))
        self._flights: dict[object, Future[Lease]] = {}
        self._lock = Lock()

    def resolve(self, model: str | Sequence[str] | None = None, *, exclude: Sequence[str] = ()) -> Route:
        """The route for *model*, one or several. Raises `RouterError` if the router refuses, or nothing is known.

        With regions to *exclude* the router is asked anew.
        """
        name = model if isinstance(model, str) or model is None else tuple(model)
        age, lease = (Age.NONE, None) if exclude else self._guide.find(name, now())
        if lease is not None and age is Age.FRESH:
            return lease.route
        try:
            return self._asked(name, (exclude,) if isinstance(exclude, str) else tuple(exclude)).route
        except RouterError:
            if lease is None:
                raise
            return lease.route

    def _asked(self, model: Model, exclude: tuple[str, ...]) -> Lease:
        question = (model, exclude)
        with self._lock:
            known = self._flights.get(question)
            flight = self._flights.setdefault(question, Future())
        if known is not None:
            return known.result()
        try:
            flight.set_result(self._learned(model, exclude))
        except BaseException as exc:  # noqa: BLE001 - for those who wait as well
            flight.set_exception(exc)
        finally:
            del self._flights[question]
        return flight.result()

    def _learned(self, model: Model, exclude: tuple[str, ...]) -> Lease:
        old = self._guide.known(model, exclude)
        try:
            return self._guide.learn(model, exclude, self._said(model, exclude, old), now(), old)
        except RouterError as exc:
            self._guide.unanswered(model, exc, now())
            raise

    def _said(self, model: Model, exclude: tuple[str, ...], old: Lease | None) -> tuple[int, dict[str, str], bytes]:
        headers = {"if-none-match": old.etag} if old else {}
        request = Request(self._guide.url(model, exclude), headers=headers)  # noqa: S310 - http or https: `base_of` saw to it
        try:
            with self._opener.open(request, timeout=QUESTION) as answer:
                return answer.status, _lower(answer.headers), answer.read()
        except HTTPError as exc:
            with exc:
                return exc.code, _lower(exc.headers), exc.read()
        except (OSError, HTTPException) as exc:
            raise RouterError(f"autorouter: the router {self._guide.router} cannot be asked: {exc}") from exc


class Resolver:
    """The same for tasks."""

    def __init__(self, router: str, **asked: object) -> None:
        self._blocking = BlockingResolver(router, **asked)

    async def resolve(self, model: str | Sequence[str] | None = None, *, exclude: Sequence[str] = ()) -> Route:
        """As `BlockingResolver.resolve` does."""
        return await asyncio.to_thread(self._blocking.resolve, model, exclude=exclude)


def _lower(headers: Any) -> dict[str, str]:  # noqa: ANN401 - an email's
    return {name.lower(): value for name, value in headers.items()}
