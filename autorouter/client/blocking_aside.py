"""What goes on beside the calls of threads: the router is asked, nodes are looked at, probes are made.

Each in a thread of its own, over a connection of its own: rare things, once a lease.
"""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread
from typing import Any, TypeVar

from autorouter.client.aim import PROBE, QUESTION, Question
from autorouter.client.clock import now
from autorouter.client.flavour import Flavour, why
from autorouter.client.guide import Guide
from autorouter.client.route import Lease, RouterError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Aside:
    """The threads. *client* is one of *flavour* that keeps no connection."""

    def __init__(self, guide: Guide, client: Any, flavour: Flavour) -> None:  # noqa: ANN401 - of httpx or httpx2
        self._guide, self._client, self._http = guide, client, flavour.http
        self._flights: dict[Question, Future[Lease]] = {}
        self._looks: dict[str, Future[bool]] = {}
        self._threads: set[Thread] = set()
        self._lock = Lock()

    def ask(self, question: Question) -> "Future[Lease]":
        """The look-up of *question*: one, however many threads wait for it."""
        return self._once(self._flights, question, lambda: self._asked(question))

    def look(self, origin: str) -> "Future[bool]":
        """Whether the node there says anything; who refuses is not silent. One look for all who wait for it."""
        return self._once(self._looks, origin, lambda: self._looked(origin))

    def fetch(self, url: str) -> None:
        """Fetch *url*, whatever comes of it."""
        self._start(lambda: self._fetched(url))

    def close(self) -> None:
        """Wait for what is under way, which is not long."""
        for thread in tuple(self._threads):
            thread.join(QUESTION)
        self._client.close()

    def _once(self, flights: dict[K, "Future[V]"], key: K, work: Callable[[], V]) -> "Future[V]":
        with self._lock:
            if key in flights:
                return flights[key]
            flight: Future[V] = Future()
            flights[key] = flight

        def fly() -> None:
            try:
                landed = work()
            except Exception as exc:  # noqa: BLE001 - for those who wait
                flight.set_exception(exc)
            else:
                flight.set_result(landed)
            finally:
                flights.pop(key, None)

        try:
            self._start(fly)
        except RuntimeError as exc:
            flights.pop(key, None)
            flight.set_exception(RouterError(f"autorouter: {exc}"))
        return flight

    def forked(self) -> None:
        """In a child: what was under way is not here."""
        self._flights, self._looks, self._threads, self._lock = {}, {}, set(), Lock()

    def _start(self, work: Callable[[], None]) -> None:
        def done() -> None:
            try:
                work()
            finally:
                self._threads.discard(thread)

        thread = Thread(target=done, name="autorouter", daemon=True)
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError:  # too many, or the program ends
            self._threads.discard(thread)
            raise

    def _asked(self, question: Question) -> Lease:
        model, exclude = question
        old = self._guide.known(model, exclude)
        try:
            return self._guide.learn(model, exclude, self._said(question, old), now(), old)
        except RouterError as exc:
            self._guide.unanswered(model, exc, now())
            raise

    def _said(self, question: Question, old: Lease | None) -> tuple[int, Any, bytes]:
        url, headers = self._guide.url(*question), {"if-none-match": old.etag} if old else {}
        try:
            answer = self._client.get(url, headers=headers, timeout=QUESTION)
        except (self._http.HTTPError, self._http.InvalidURL, OSError) as exc:
            raise RouterError(f"autorouter: the router {self._guide.router} cannot be asked: {why(exc)}") from exc
        return answer.status_code, answer.headers, answer.content

    def _looked(self, origin: str) -> bool:
        try:
            self._client.get(f"{origin}/livez", timeout=self._guide.look(origin))
        except self._http.TimeoutException:
            return self._guide.looked(origin, is_alive=False)
        except self._http.HTTPError:
            return self._guide.looked(origin, is_alive=True)
        return self._guide.looked(origin, is_alive=True)

    def _fetched(self, url: str) -> None:
        with suppress(self._http.HTTPError):
            self._client.get(url, timeout=PROBE)
