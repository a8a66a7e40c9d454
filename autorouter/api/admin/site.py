"""The admin API's whole HTTP surface: what answers each operation, and what every request goes through."""

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from autorouter.api.admin import operations
from autorouter.api.admin.guard import Guard
from autorouter.api.admin.holds import HoldsEdge, as_json
from autorouter.api.admin.operations import MOST_NOTES, USUAL_NOTES
from autorouter.api.admin.record import ACTOR, Recorder
from autorouter.api.document import showing
from autorouter.api.problems import ProblemError, refuse
from autorouter.api.site import MOST_BODY, as_problem, bind, outermost
from autorouter.core.errors import StoreError
from autorouter.reports import record_of_note
from autorouter.wire.admin import TrailAnswer


def admin_site(guard: Guard, holds: HoldsEdge, recorder: Recorder) -> web.Application:
    """The application."""
    app = web.Application(
        middlewares=[outermost(_uncounted), _guarded(guard, recorder)],
        client_max_size=MOST_BODY,
    )
    bind(
        app,
        (
            (operations.HOLDS, holds.all),
            (operations.HOLD, holds.put),
            (operations.LIFT, holds.delete),
            (operations.AUDIT, _audit(recorder)),
            (operations.DOCUMENT, showing(operations.INTERFACE)),
        ),
    )
    return app


def _guarded(guard: Guard, recorder: Recorder) -> Middleware:
    """Every request is somebody's, and every attempt is written down."""

    @web.middleware
    async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            request[ACTOR] = guard.actor(request)
            answered = await handler(request)
        except ProblemError as exc:
            await recorder.record(request, exc.problem.code, exc.problem.detail)
            raise
        except web.HTTPException as exc:
            told = as_problem(exc, request)
            await recorder.record(request, told.problem.code, told.problem.detail)
            raise told from exc
        except Exception:
            await recorder.record(request, "internal_error")
            raise
        await recorder.record(request)
        return answered

    return guarded


def _audit(recorder: Recorder) -> Handler:
    async def audit(request: web.Request) -> web.StreamResponse:
        """The latest notes of the trail."""
        limit = request.query.get("limit", str(USUAL_NOTES))
        if not limit.isdecimal() or not limit.isascii() or not 0 < int(limit[:9]) <= MOST_NOTES:
            raise refuse("invalid_parameter", f"limit: expected 1 to {MOST_NOTES}", "limit")
        try:
            notes = await recorder.trail.latest(int(limit))
        except StoreError as exc:
            raise refuse("holds_unavailable", f"the store cannot be reached: {exc}") from exc
        return as_json(TrailAnswer(notes=tuple(map(record_of_note, notes))))

    return audit


def _uncounted(_code: str) -> None:
    """What is refused here is counted with what is done here, not with clients' problems."""
