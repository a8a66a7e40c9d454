"""Asks nodes in a client's place, one after the other until one answers, and passes its answer on as it comes.

Before the first byte of an answer the next node is as good as this one. After it there is no other: an answer that
breaks is broken off, so that nobody takes it for whole. A client that leaves cancels the handler, which closes the
connection to the node, which stops the model.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from multidict import CIMultiDict

from autorouter.api.onward import headers
from autorouter.api.onward.cooling import DOWN, Cooling
from autorouter.api.onward.failure import AWAY, OF_A_MODEL, Failure, Missed, failure, is_elsewhere, missed
from autorouter.api.onward.letter import Letter
from autorouter.api.onward.lines import Lines, url
from autorouter.api.onward.passing import pass_on, unfit
from autorouter.api.onward.room import BUSY
from autorouter.api.onward.stops import Stop, is_down, is_open
from autorouter.api.onward.watch import watching
from autorouter.api.problems import refuse
from autorouter.runtime.ports import Clock
from autorouter.runtime.snapshots import Snapshots
from autorouter.telemetry import SentOn


@dataclass(frozen=True, slots=True)
class Errand:
    """What is asked in a client's place."""

    request: web.Request
    letter: Letter
    query: str
    headers: CIMultiDict[str]
    reason: str

    @property
    def is_pressed(self) -> bool:
        """Whether it has a deadline of its own: what fails it may do for all others."""
        return "x-request-deadline-ms" in self.request.headers or "budget_ms" in self.request.query


Told = Callable[[SentOn, str], object]
"""Is told what became of a request, and in which region."""


class Relay:
    """Asks over *lines*; who has just failed is asked last, and nobody waits for who is down."""

    def __init__(self, lines: Lines, snapshots: Snapshots, clock: Clock, told: Told) -> None:
        self._lines = lines
        self._snapshots = snapshots
        self._cooling = Cooling(clock)
        self.told = told

    async def run(self, errand: Errand, stops: Sequence[Stop]) -> web.StreamResponse:
        """The answer of the first of *stops* that has one. Raises `ProblemError` if none can be reached."""
        failures: list[Failure] = []
        tried: list[str] = []
        order = self._cooling.last(stops, errand.letter.model)
        reason = _reason(errand.reason, stops, order)
        for place, stop in enumerate(order):
            if errand.letter.is_spent:
                break
            if tried and not self._is_open(stop):
                continue
            found = await self._ask(errand, stop, order[place + 1 :])
            if isinstance(found, aiohttp.ClientResponse):
                self.told("relayed", stop.region)
                return await pass_on(errand.request, found, _told(stop.region, tried, reason))
            if isinstance(found, Failure) and found.is_final:
                self.told("relayed", stop.region)
                found.headers.update(_told(stop.region, tried, reason))
                return found.response()
            if isinstance(found, Failure):
                failures.append(found)
            self.told("failed", stop.region)
            self._cool(errand, stop, found)
            tried.append(f"{stop.region} {found}")
        return _given_up(failures, tried)

    async def _ask(
        self, errand: Errand, stop: Stop, later: Sequence[Stop]
    ) -> aiohttp.ClientResponse | Failure | Missed:
        """An answer that has begun; or how this try failed."""
        try:
            async with watching(lambda: self._is_gone(errand, stop, later)):
                answer = await self._answer(errand, stop)
            if (why := unfit(answer)) is not None:
                answer.close()
                return Missed(why, is_away=False)
            return await failure(stop, answer) if is_elsewhere(answer) else answer
        except (aiohttp.ClientError, OSError, TimeoutError) as exc:
            if errand.letter.fault is not None:
                raise errand.letter.fault from exc
            return missed(exc)

    def _cool(self, errand: Errand, stop: Stop, found: Failure | Missed) -> None:
        """Have others ask *stop* last, if it failed as it would fail them."""
        if errand.is_pressed:
            return
        match found:
            case Missed(is_away=True):
                self._cooling.down(stop, DOWN)
            case Failure(code=code) if code in AWAY:
                self._cooling.down(stop, found.wait)
            case Failure(code=code) if code in OF_A_MODEL and errand.letter.model is not None:
                self._cooling.down(stop, found.wait, errand.letter.model)

    def _is_open(self, stop: Stop) -> bool:
        return is_open(self._snapshots.fleet, stop)

    def _is_gone(self, errand: Errand, stop: Stop, later: Sequence[Stop]) -> bool:
        """Whether another is to be asked. The last is waited for: looks may miss what is merely busy."""
        if errand.letter.is_spent or not is_down(self._snapshots.fleet, stop):
            return False
        return any(map(self._is_open, later))

    async def _answer(self, errand: Errand, stop: Stop) -> aiohttp.ClientResponse:
        request, letter = errand.request, errand.letter
        length = str(len(letter.head)) if letter.rest is None else request.headers.get("Content-Length")
        return await self._lines.to(stop).request(
            request.method,
            url(stop, request.path, errand.query),
            headers=[*errand.headers.items(), *([("Content-Length", length)] if length else [])],
            data=letter.whole() if letter.head else None,
            allow_redirects=False,
        )


def _reason(reason: str, stops: Sequence[Stop], order: Sequence[Stop]) -> str:
    """Why the first in *order* is asked first: *reason*, unless the first of *stops* is asked later."""
    spared = [stop.region for stop in stops[: stops.index(order[0])]]
    return f"{', '.join(spared)} failed a moment ago; {order[0].region} is next" if spared else reason


def _told(region: str, tried: Sequence[str], reason: str) -> Mapping[str, str]:
    """What is said of how an answer was had."""
    why = reason if not tried else f"{'; '.join(tried)}; so {region}"
    return {
        "x-autorouter-region": region,
        "x-autorouter-attempts": str(len(tried) + 1),
        "x-autorouter-reason": headers.plain(why),
    }


def _given_up(failures: Sequence[Failure], tried: Sequence[str]) -> web.Response:
    """The words of the node that has room first; those of the router if no node had any."""
    if not failures:
        problem = refuse("nodes_unreachable", "; ".join(tried))
        problem.headers.update(BUSY)
        raise problem
    best = min(failures, key=lambda each: each.wait)
    best.headers.update(_told(best.region, tried[:-1], ""))
    best.headers["x-autorouter-reason"] = headers.plain("; ".join(tried))
    return best.response()
