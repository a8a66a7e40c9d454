"""``POST /v1/rtt``: what clients measured themselves. Believed a little: it can be forged."""

from aiohttp import web
from pydantic import ValidationError

from autorouter.api.asker import Asker
from autorouter.api.onward.letter import arriving
from autorouter.api.problems import refuse
from autorouter.core.latency.judge import REFUSALS
from autorouter.core.latency.sample import Sample
from autorouter.core.names import Network
from autorouter.core.query import Client
from autorouter.core.units import Millis, Seconds
from autorouter.core.words import shown
from autorouter.runtime.learner import Learner
from autorouter.runtime.ports import Clock
from autorouter.runtime.snapshots import Snapshots
from autorouter.wire.sample import RttAnswer, RttRefused, RttReport, RttReported

LONGEST = Seconds(5.0)
"""For a body of 8 KiB at most to arrive."""


class RttEdge:
    """Takes reports."""

    def __init__(self, learner: Learner, snapshots: Snapshots, asker: Asker, clock: Clock) -> None:
        self._learner = learner
        self._snapshots = snapshots
        self._asker = asker
        self._now = clock

    async def post(self, request: web.Request) -> web.Response:
        """202 with what was accepted; 422 if that is nothing, 408 if it does not arrive."""
        client = self._asker.of(request)
        if client.network is None:
            raise refuse("rtt_refused", "the client's address is not known, so nothing can be remembered of it")
        async with arriving(LONGEST):
            body = await request.read()
        report = self._once_each(_read(body))
        refused = [each for told in report.rtts if (each := self._take(told, client, client.network)) is not None]
        if len(refused) == len(report.rtts):
            reasons = "; ".join(f"{shown(each.region)}: {each.reason}" for each in refused)
            raise refuse("rtt_refused", reasons)
        told = RttAnswer(accepted=len(report.rtts) - len(refused), refused=tuple(refused))
        return web.Response(status=202, text=told.model_dump_json(), content_type="application/json")

    def _once_each(self, report: RttReport) -> RttReport:
        """*report*, of which no two round trips are to one region, by whichever of its names."""
        seen: set[str] = set()
        for told in report.rtts:
            view = self._snapshots.fleet.by_name.get(told.region.lower())
            name = told.region.lower() if view is None else view.region.name
            if name in seen:
                raise refuse("invalid_body", f"rtts: {shown(name)} is named twice; expected each region once", "rtts")
            seen.add(name)
        return report

    def _take(self, told: RttReported, client: Client, network: Network) -> RttRefused | None:
        """Hand on one report; why it was refused, if it was."""
        view = self._snapshots.fleet.by_name.get(told.region.lower())
        reason = "unknown"
        if view is not None:
            sample = Sample(network, view.region.name, Millis(told.rtt_ms), 1, self._now(), "reported")
            reason = self._learner.take(sample, client) or ""
        return RttRefused(region=told.region, reason=REFUSALS[reason]) if reason else None


def _read(body: bytes) -> RttReport:
    try:
        return RttReport.model_validate_json(body)
    except ValidationError as exc:
        first = exc.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "body"
        expected = 'expected {"rtts": [{"region": "yto-01", "rtt_ms": 12.3}, …]}, up to 16'
        raise refuse("invalid_body", f"{where}: {first['msg'].lower()}; {expected}", where[:64]) from exc
