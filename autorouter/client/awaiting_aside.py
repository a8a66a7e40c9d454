"""What goes on beside the calls of tasks: the router is asked, nodes are looked at, probes are made."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from contextlib import suppress
from typing import Any, TypeVar

from autorouter.client.aim import PROBE, QUESTION, Question
from autorouter.client.clock import now
from autorouter.client.flavour import Flavour, why
from autorouter.client.guide import Guide
from autorouter.client.route import Lease, RouterError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class AsyncAside:
    """The tasks, which end with the client. *client* is one of *flavour* that keeps no connection."""

    def __init__(self, guide: Guide, client: Any, flavour: Flavour) -> None:  # noqa: ANN401 - of httpx or httpx2
        self._guide, self._client, self._http = guide, client, flavour.http
        self._flights: dict[Question, asyncio.Task[Lease | RouterError]] = {}
        self._looks: dict[str, asyncio.Task[bool]] = {}
        self._fetches: dict[str, asyncio.Task[None]] = {}

    def ask(self, question: Question) -> "asyncio.Task[Lease | RouterError]":
        """The look-up of *question*: one, however many tasks wait for it. It returns what it could raise."""
        return _once(self._flights, question, lambda: self._asked(question))

    def look(self, origin: str) -> "asyncio.Task[bool]":
        """Whether the node there says anything; who refuses is not silent. One look for all who wait for it."""
        return _once(self._looks, origin, lambda: self._looked(origin))

    def refresh(self, question: Question) -> None:
        """Look *question* up; nobody waits for it."""
        _ = self.ask(question)

    def fetch(self, url: str) -> None:
        """Fetch *url*, whatever comes of it."""
        _ = _once(self._fetches, url, lambda: self._fetched(url))

    def forked(self) -> None:
        """In a child: what was under way is not here."""
        self._flights, self._looks, self._fetches = {}, {}, {}

    async def close(self) -> None:
        """Break off what is under way: nobody waits for it any more."""
        flights: dict[Any, asyncio.Task[Any]] = {**self._flights, **self._looks, **self._fetches}
        here = [flight for flight in flights.values() if flight.get_loop() is asyncio.get_running_loop()]
        for flight in here:
            flight.cancel()
        await asyncio.gather(*here, return_exceptions=True)  # noqa: TID251 - of tasks that were cancelled
        await self._client.aclose()

    async def _asked(self, question: Question) -> Lease | RouterError:
        model, exclude = question
        old = self._guide.known(model, exclude)
        try:
            return self._guide.learn(model, exclude, await self._said(question, old), now(), old)
        except RouterError as exc:
            self._guide.unanswered(model, exc, now())
            return exc

    async def _said(self, question: Question, old: Lease | None) -> tuple[int, Any, bytes]:
        url, headers = self._guide.url(*question), {"if-none-match": old.etag} if old else {}
        try:
            async with asyncio.timeout(QUESTION):  # for all of it; httpx's is for each step
                answer = await self._client.get(url, headers=headers, timeout=QUESTION)
        except (self._http.HTTPError, self._http.InvalidURL, OSError) as exc:
            raise RouterError(f"autorouter: the router {self._guide.router} cannot be asked: {why(exc)}") from exc
        return answer.status_code, answer.headers, answer.content

    async def _looked(self, origin: str) -> bool:
        try:
            await self._client.get(f"{origin}/livez", timeout=self._guide.look(origin))
        except self._http.TimeoutException:
            return self._guide.looked(origin, is_alive=False)
        except self._http.HTTPError:
            return self._guide.looked(origin, is_alive=True)
        return self._guide.looked(origin, is_alive=True)

    async def _fetched(self, url: str) -> None:
        with suppress(self._http.HTTPError):
            await self._client.get(url, timeout=PROBE)


def _once(
    flights: dict[K, "asyncio.Task[V]"], key: K, work: Callable[[], Coroutine[Any, Any, V]]
) -> "asyncio.Task[V]":
    """The flight for *key* of this loop; one of a loop that has ended is none."""
    known = flights.get(key)
    if known is not None and not known.done() and known.get_loop() is asyncio.get_running_loop():
        return known
    flight = asyncio.create_task(work())  # noqa: TID251 - owned by the client, which ends it in `close`
    flights[key] = flight

    def landed(done: "asyncio.Task[V]") -> None:
        if flights.get(key) is done:
            del flights[key]

    flight.add_done_callback(landed)
    return flight
