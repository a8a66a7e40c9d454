"""The client for threads: a transport that runs the walk of each call."""

from collections.abc import Callable
from concurrent.futures import TimeoutError as TooLateError
from contextlib import suppress
from typing import Any, Self

from autorouter.client.aim import QUESTION, Question, Request, Response, aim, refused, tried
from autorouter.client.blocking_aside import Aside
from autorouter.client.bodies import Body
from autorouter.client.flavour import Flavour, why
from autorouter.client.guide import Guide
from autorouter.client.route import Lease, Place, RouterError
from autorouter.client.shell import Shell
from autorouter.client.walk import Ask, Drop, Refresh, Send, Step, Tried
from autorouter.client.watch import PATIENT, WORN


class BlockingTransport(Shell):
    """Sends each request where its router says."""

    def __init__(self, guide: Guide, make: Callable[[], Any], aside: Aside, flavour: Flavour) -> None:
        super().__init__(guide, make, aside, flavour)
        self._aside = aside
        self._body = type("Watched", (Body, flavour.http.SyncByteStream), {"failures": flavour.failures})

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of every connection."""
        self._inner.close()
        self._aside.close()

    def handle_request(self, request: Request) -> Response:
        """What the first region that answers says; after three failures, or with no budget left, the last failure."""
        way = self._way(request, request.read())
        told: Lease | Tried | None = None
        try:
            while True:
                told = self._taken(way.send(told), request)
        except StopIteration as stop:
            return self._ended(stop.value, request)
        except RouterError as exc:
            return refused(exc, request, self._flavour)

    def _taken(self, step: Step, request: Request) -> Lease | Tried | None:
        match step:
            case Send(place, is_last):
                PATIENT.set(is_last)
                return self._sent(request, place)
            case Ask(model, exclude, None):
                return self._waited((model, exclude))
            case Ask(model, exclude, patience):
                with suppress(RouterError, TooLateError):
                    return self._aside.ask((model, exclude)).result(patience)
            case Refresh(model, exclude):
                self._aside.ask((model, exclude))
            case Drop(failed):
                self._dropped(failed)
        return None

    def _waited(self, question: Question) -> Lease:
        try:
            return self._aside.ask(question).result(QUESTION)
        except TooLateError as exc:
            raise RouterError(f"autorouter: the router {self._guide.router} does not answer") from exc

    def _sent(self, request: Request, place: Place) -> Tried:
        self._guide.expect(place)
        aim(request, place, self._flavour)
        for left in (True, True, False):
            try:
                return tried(self._inner.handle_request(request))
            except self._flavour.failures as exc:
                if why(exc) != WORN or not left:
                    return Tried(why(exc), error=exc)
        raise AssertionError("the last try ends it")

    def _dropped(self, failed: Tried) -> None:
        answer: Any = failed.answer
        if answer is not None:
            with suppress(self._flavour.http.HTTPError):
                answer.close()
