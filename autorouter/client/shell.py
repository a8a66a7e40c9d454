"""What both shells have: how a call begins and ends, and what a forked child must not take over."""

from collections.abc import Callable
from functools import partial
from os import getpid
from typing import Any, Protocol

from autorouter.client.aim import Request, Response, dress, lost, opened
from autorouter.client.clock import now
from autorouter.client.flavour import Flavour
from autorouter.client.guide import COOL, Guide
from autorouter.client.route import Place
from autorouter.client.walk import Ending, Walk, Way


class Errands(Protocol):
    """What goes on beside calls."""

    def fetch(self, url: str) -> None:
        """Fetch *url*, whatever comes of it."""

    def forked(self) -> None:
        """In a child: what was under way is not here."""


class Shell:
    """Begins and ends calls. *make* gives the flavour's own transport, which does the sending."""

    def __init__(self, guide: Guide, make: Callable[[], Any], errands: Errands, flavour: Flavour) -> None:
        self._guide, self._make, self._errands, self._flavour = guide, make, errands, flavour
        self._body: Callable[..., object]
        self._begin()

    def _begin(self) -> None:
        self._inner, self._process = self._make(), getpid()

    def _way(self, request: Request, body: bytes) -> Way:
        """The steps of a call, whose *body* is read."""
        if getpid() != self._process:
            self._begin()  # a forked child must not speak on its parent's connections
            self._guide.forked()
            self._errands.forked()
        return Walk(self._guide, opened(request, body, self._flavour), now).way()

    def _ended(self, ending: Ending, request: Request) -> Response:
        response: Any = ending.tried.answer
        if response is None:
            raise lost(ending, request, self._flavour)
        dress(response, ending)
        response.stream = self._body(response.stream, partial(self._read, ending.place))
        return response  # type: ignore[no-any-return]  # of httpx or httpx2

    def _read(self, place: Place, *, whole: bool) -> None:
        """The answer was read to its end, or it broke: now there is nothing else to do."""
        if not whole:
            self._guide.cool(place.region, None, COOL, now())
        if probe := self._guide.take_probe():
            self._errands.fetch(probe)
