"""``POST /v1/chat/completions`` and its like, asked of the router: sent on to the node that starts first."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from urllib.parse import quote, urlencode

from aiohttp import web

from autorouter.api.asker import Asker
from autorouter.api.onward import headers, letter
from autorouter.api.onward.following import follows
from autorouter.api.onward.letter import Letter
from autorouter.api.onward.paths import PATHS, Path
from autorouter.api.onward.redirect import Referrer, can_carry, redirect
from autorouter.api.onward.relay import Errand, Relay
from autorouter.api.onward.room import Room
from autorouter.api.onward.stops import stop_of_node, stops
from autorouter.api.onward.wish import Mode, Wish, wish
from autorouter.api.problems import refuse, response
from autorouter.api.question import Pairs, query, question
from autorouter.api.route import nowhere, require_models
from autorouter.core.decide import Decision
from autorouter.core.explain import because
from autorouter.core.names import ModelName
from autorouter.core.words import shown
from autorouter.runtime.router import Router
from autorouter.runtime.snapshots import Snapshots

Expect = Callable[[web.Request], Awaitable[web.StreamResponse | None]]
"""Answers who waits for "100 Continue"."""


class OnwardEdge:
    """Sends on. Without *referrer* (no key is shared with nodes) what shows a key is relayed: it would get lost."""

    def __init__(
        self, router: Router, snapshots: Snapshots, asker: Asker, relay: Relay, referrer: Referrer | None
    ) -> None:
        self._router = router
        self._snapshots = snapshots
        self._asker = asker
        self._relay = relay
        self._referrer = referrer
        self._room = Room()

    async def post(self, request: web.Request) -> web.StreamResponse:
        """307, or the node's own answer."""
        path = PATHS[request.path]
        asked = wish(tuple(request.query.items()), path)
        if (asked.mode or self._mode(request)) is Mode.PROXY:
            return await self._relayed(request, path, asked)
        return await self._redirected(request, path, asked)

    async def voices(self, request: web.Request) -> web.StreamResponse:
        """Those of a node that has the model, or of any."""
        decision = self._decide(request, (), request.query.get("model"))
        with self._room.seat():
            return await self._relay.run(
                self._errand(request, Letter(None), tuple(request.query.items()), decision), stops(decision)
            )

    async def job(self, request: web.Request) -> web.StreamResponse:
        """PolarGrid's jobs: an id begins with the name of the node that has it."""
        if "job_id" not in request.query:
            raise refuse("invalid_parameter", "job_id: found nothing, expected the id that the 202 gave", "job_id")
        name = request.query["job_id"]
        stop = stop_of_node(self._snapshots.fleet, name.rpartition(".")[0])
        if stop is None:
            raise refuse("job_not_found", f"no node has a job {shown(name)}", "job_id")
        with self._room.seat():
            return await self._relay.run(self._errand(request, Letter(None), (("job_id", name),), None), (stop,))

    async def expect(self, request: web.Request) -> web.Response | None:
        """Have the body sent by a client that waits for that, unless its answer does not depend on it.

        aiohttp calls this outside all middleware.
        """
        if request.headers.get("Expect", "").lower() != "100-continue":
            return response(refuse("bad_request", "Expect: expected 100-continue, or nothing"))
        if not self._is_known(request):
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # the answer itself has not begun
        return None

    def _is_known(self, request: web.Request) -> bool:
        """Whether it can be told where to go before its body is sent."""
        said = request.query.get("mode", self._mode(request).value)
        return "Expect" in request.headers and "model" in request.query and said == Mode.REDIRECT.value

    def _mode(self, request: web.Request) -> Mode:
        return Mode.REDIRECT if follows(request.headers) and can_carry(request, self._referrer) else Mode.PROXY

    async def _redirected(self, request: web.Request, path: Path, asked: Wish) -> web.Response:
        model = asked.model
        if not self._is_known(request):
            with self._room.share() as share:
                model = (await letter.read(request, path, share, model=model, keep=False)).model
        decision = self._decide(request, asked.routing, model)
        stop = stops(decision)[0]
        carries = self._referrer is not None and can_carry(request, self._referrer)
        referral = self._referrer.pair(request, stop, model) if self._referrer is not None and carries else ()
        answer = redirect(request, stop, (*asked.onward, *referral), headers.plain(because(decision)))
        self._relay.told("redirected", stop.region)
        if not request.content.at_eof():
            answer.force_close()
            answer.headers["Connection"] = "close"
        return answer

    async def _relayed(self, request: web.Request, path: Path, asked: Wish) -> web.StreamResponse:
        with self._room.share() as share:
            sent = await letter.read(request, path, share, model=asked.model, keep=True)
            with self._room.seat():  # not before: who sends no body would hold it for nothing
                decision = self._decide(request, asked.routing, sent.model)
                return await self._relay.run(self._errand(request, sent, asked.onward, decision), stops(decision))

    def _decide(self, request: web.Request, routing: Pairs, model: str | None) -> Decision:
        """Where to. Raises `ProblemError` for a model that is nowhere, or if no region may answer.

        A request that names no model goes anywhere: the node says what is wrong with it.
        """
        asked, fleet = question(routing), self._snapshots.fleet
        client = self._asker.of(request, asked.said)
        models = fleet.own_names(frozenset() if model is None else frozenset({ModelName(model)}))
        require_models(models, fleet)
        decision = self._router.route(replace(query(asked, client, fleet), models=models))
        if decision.chosen is None:
            raise nowhere(decision, {})
        return decision

    def _errand(self, request: web.Request, sent: Letter, onward: Pairs, decision: Decision | None) -> Errand:
        told = headers.asked(request.headers, self._asker.address(request))
        reason = "the node that has the job" if decision is None else because(decision)
        return Errand(request, sent, urlencode(onward, quote_via=quote), told, reason)
