"""What goes on beside the calls of threads: the router is asked, nodes are looked at, probes are made.

Each in a thread of its own, over a connection of its own: rare things, once a lease.
"""

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from contextlib import suppress
from threading import Lock, Thread
from typing import Any, TypeVar

from autorouter.client.aim import LOOK, PROBE, QUESTION, Question
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

        self._start(fly)
        return flight

    def _start(self, work: Callable[[], None]) -> None:
        def done() -> None:
            try:
                work()
            finally:
                self._threads.discard(thread)

        thread = Thread(target=done, name="autorouter", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _asked(self, question: Question) -> Lease:
        model, exclude = question
        try:
            return self._guide.learn(model, exclude, self._said(question), now())
        except RouterError as exc:
            self._guide.unanswered(model, exc, now())
            raise

    def _said(self, question: Question) -> tuple[int, Any, bytes]:
        url, headers = self._guide.url(*question), self._guide.etag(*question)
        try:
            answer = self._client.get(url, headers=headers, timeout=QUESTION)
        except self._http.HTTPError as exc:
            raise RouterError(f"autorouter: the router {self._guide.router} cannot be asked: {why(exc)}") from exc
        return answer.status_code, answer.headers, answer.content

    def _looked(self, origin: str) -> bool:
        patience = max(LOOK, 3 * self._guide.rtt_to(origin) + 0.05)
        try:
            self._client.get(f"{origin}/livez", timeout=patience)
        except self._http.TimeoutException:
            return False
        except self._http.HTTPError:
            return True
        return True

    def _fetched(self, url: str) -> None:
        with suppress(self._http.HTTPError):
            self._client.get(url, timeout=PROBE)
