"""The client for tasks: a transport that runs the walk of each call."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

from autorouter.client.aim import Request, Response, aim, refused, tried
from autorouter.client.awaiting_aside import AsyncAside
from autorouter.client.bodies import AsyncBody
from autorouter.client.flavour import Flavour, why
from autorouter.client.guide import Guide
from autorouter.client.route import Lease, Place, RouterError
from autorouter.client.shell import Shell
from autorouter.client.walk import Ask, Drop, Refresh, Send, Step, Tried
from autorouter.client.watch import PATIENT, WORN


class AsyncTransport(Shell):
    """Sends each request where its router says."""

    def __init__(self, guide: Guide, make: Callable[[], Any], aside: AsyncAside, flavour: Flavour) -> None:
        super().__init__(guide, make, aside, flavour)
        self._aside = aside
        self._body = type("Watched", (AsyncBody, flavour.http.AsyncByteStream), {"failures": flavour.failures})

    async def __aenter__(self) -> Self:
        await self._inner.__aenter__()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Let go of every connection."""
        await self._inner.aclose()
        await self._aside.close()

    async def handle_async_request(self, request: Request) -> Response:
        """What the first region that answers says; after three failures, or with no budget left, the last failure."""
        way = self._way(request, await request.aread())
        told: Lease | Tried | None = None
        try:
            while True:
                told = await self._taken(way.send(told), request)
        except StopIteration as stop:
            return self._ended(stop.value, request)
        except RouterError as exc:
            return refused(exc, request, self._flavour)

    async def _taken(self, step: Step, request: Request) -> Lease | Tried | None:
        match step:
            case Send(place, is_last):
                PATIENT.set(is_last)
                return await self._sent(request, place)
            case Ask(model, exclude, patience):
                return await self._asked((model, exclude), patience)
            case Refresh(model, exclude):
                self._aside.refresh((model, exclude))
            case Drop(failed):
                await self._dropped(failed)
        return None

    async def _asked(self, question: tuple[str | None, tuple[str, ...]], patience: float | None) -> Lease | None:
        flight = self._aside.ask(question)
        await asyncio.wait({flight}, timeout=patience)
        if not flight.done():
            return None
        found = flight.result()
        if isinstance(found, Lease):
            return found
        if patience is None:
            raise found
        return None

    async def _sent(self, request: Request, place: Place) -> Tried:
        self._guide.expect(place)
        aim(request, place, self._flavour)
        for left in (True, True, False):
            try:
                return tried(await self._inner.handle_async_request(request))
            except self._flavour.failures as exc:
                if why(exc) != WORN or not left:
                    return Tried(why(exc), error=exc)
        raise AssertionError("the last try ends it")

    async def _dropped(self, failed: Tried) -> None:
        answer: Any = failed.answer
        if answer is not None:
            with suppress(self._flavour.http.HTTPError):
                await answer.aclose()
