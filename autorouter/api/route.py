"""``GET /v1/route``: where to go, for how long, and where else."""

from collections.abc import Collection, Mapping, Sequence

from aiohttp import web

from autorouter.api.answers import answer, etag, explained, explained_answer, rejections
from autorouter.api.asker import Asker
from autorouter.api.problems import ProblemError, about, no_such_model
from autorouter.api.question import Question, query, question
from autorouter.api.tickets import Tickets
from autorouter.core.decide import Decision
from autorouter.core.eligible import Rejection
from autorouter.core.fleet import FleetSnapshot
from autorouter.core.names import ModelName
from autorouter.core.query import Client
from autorouter.core.words import shown
from autorouter.runtime.ports import Clock
from autorouter.runtime.router import Router
from autorouter.runtime.snapshots import Snapshots
from autorouter.wire.header import retry
from autorouter.wire.route import NoRegionProblem, RouteAnswer

LASTING = frozenset({"stage", "residency", "choice", "tier"})
"""Rules of the question's own and of regions.yaml's, that no waiting mends."""


class RouteEdge:
    """Answers routes. Without *tickets* nobody is asked to be measured."""

    def __init__(
        self, router: Router, snapshots: Snapshots, asker: Asker, clock: Clock, tickets: Tickets | None = None
    ) -> None:
        self._router = router
        self._snapshots = snapshots
        self._asker = asker
        self._now = clock
        self._tickets = tickets

    async def get(self, request: web.Request) -> web.Response:
        """The best region for whoever asks, or a problem."""
        began = self._now()
        asked = question(tuple(request.query.items()))
        client = self._asker.of(request, asked.said)
        located = self._now()
        fleet = self._snapshots.fleet
        wanted = query(asked, client, fleet)
        require_models(wanted.models, fleet)
        decision = self._router.route(wanted)
        ranked = self._now()
        headers = {
            "X-Autorouter-Client": _seen(client),
            "Server-Timing": f"geo;dur={(located - began) * 1e3:.3f}, rank;dur={(ranked - located) * 1e3:.3f}",
        }
        return self._told(request, decision, asked, headers)

    def _told(
        self, request: web.Request, decision: Decision, asked: Question, headers: dict[str, str]
    ) -> web.Response:
        probe = self._tickets.asked(decision) if self._tickets else None
        policy, exploring = self._snapshots.catalog.policy, decision.probe if probe else None
        explanation = explained(decision, policy, exploring, self._now()) if asked.explain else None
        if decision.chosen is None:
            raise nowhere(decision, headers, explanation)
        plain = answer(decision, decision.chosen, probe)
        told: RouteAnswer = plain if explanation is None else explained_answer(plain, explanation)
        tag = etag(decision.ranked)
        fresh = f"private, max-age={plain.ttl}, stale-while-revalidate=30, stale-if-error=3600"
        headers |= {"ETag": tag, "Cache-Control": fresh, "Vary": "X-Forwarded-For"}
        if explanation is None and probe is None and tag in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        body = told.model_dump_json(exclude_unset=True).encode()
        return web.Response(body=body, content_type="application/json", headers=headers)


def require_models(models: Collection[ModelName], fleet: FleetSnapshot) -> None:
    """A model that exists nowhere is the client's mistake; one that is merely not to be had is not."""
    missing = sorted(frozenset(models) - fleet.models)
    if not missing:
        return
    raise no_such_model(f"no region has {', '.join(map(shown, missing))}", sorted(fleet.models))


def nowhere(decision: Decision, headers: Mapping[str, str], explanation: object = None) -> ProblemError:
    """No region may answer, to be raised."""
    told = rejections(decision.rejected)
    reasons = "; ".join(f"{each.region}: {each.detail}" for each in told[:8]) or "there are no regions"
    code, said = (
        ("overloaded", "come back later") if decision.passed else ("no_eligible_region", "no region may answer")
    )
    members = about(code, f"{said}: {reasons}")
    more = {} if explanation is None else {"explain": explanation}
    problem = NoRegionProblem.model_validate({**members, "rejected": told, **more})
    return ProblemError(problem, {**headers, **retry(decision.ttl, here=may_change(decision.rejected))})


def may_change(rejected: Sequence[Rejection]) -> bool:
    """Whether asking again may end otherwise: what the client itself ruled out stays so."""
    return any(each.rule not in LASTING for each in rejected)


def _seen(client: Client) -> str:
    place = f"{client.at.latitude:.1f},{client.at.longitude:.1f}" if client.at else "unknown"
    return f"{place};src={client.source}"
