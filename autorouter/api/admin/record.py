"""Writes down what operators do: a line in the log, a count, and a note on the trail that outlives the router.

Attempts that were refused are written down too. Those of nobody in particular are in the log alone: whoever has no
key must not be able to push what others did off the trail.
"""

from collections.abc import Callable
from dataclasses import dataclass

import structlog
from aiohttp import web

from autorouter.api.admin.guard import NOBODY
from autorouter.core.errors import StoreError
from autorouter.core.trail import DONE, Note
from autorouter.reports import record_of_note
from autorouter.runtime.ports import Trail, WallClock

log = structlog.get_logger("autorouter")

READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Said:
    """What a request is about, as far as its handler has understood it."""

    action: str = ""
    target: str = ""
    detail: str = ""


ACTOR = web.RequestKey("actor", str)
SAID = web.RequestKey("said", Said)


def saying(request: web.Request, said: Said) -> None:
    """*request* is about what is *said*."""
    request[SAID] = said


class Recorder:
    """Writes down."""

    def __init__(self, trail: Trail, router: str, clock: WallClock, counted: Callable[[str], None]) -> None:
        self.trail = trail
        self._router = router
        self._now = clock
        self._counted = counted

    async def record(self, request: web.Request, outcome: str = DONE, detail: str = "") -> None:
        """*request* ended in *outcome*."""
        self._counted(outcome)
        if request.method in READING:
            return
        actor, said = request.get(ACTOR, NOBODY), request.get(SAID) or Said(request.method, request.path)
        told = " ".join(filter(None, (said.detail, detail)))
        note = Note(self._now(), actor, said.action, said.target, outcome, told, self._router)
        plain = record_of_note(note)
        log.info(
            "admin",
            actor=plain.actor,
            action=plain.action,
            target=plain.target,
            outcome=outcome,
            detail=plain.detail,
        )
        if actor is NOBODY or not actor:
            return
        try:
            await self.trail.note(note)
        except StoreError as exc:
            log.warning("trail_behind", fault=str(exc))
