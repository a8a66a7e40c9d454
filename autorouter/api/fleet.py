"""``GET /v1/regions`` and ``GET /v1/models``: what there is and how it is."""

from collections.abc import Sequence

from aiohttp import web

from autorouter.api.answers import endpoints, models, regions
from autorouter.api.problems import no_such_model
from autorouter.core.names import ModelName
from autorouter.core.words import meant, shown
from autorouter.runtime.ports import Clock
from autorouter.runtime.snapshots import Snapshots
from autorouter.wire.base import Wire


class FleetEdge:
    """Tells of the fleet as this router knows it."""

    def __init__(self, snapshots: Snapshots, clock: Clock) -> None:
        self._snapshots = snapshots
        self._now = clock

    async def regions(self, _request: web.Request) -> web.Response:
        """Every region."""
        return _json(regions(self._snapshots.fleet, self._now()))

    async def models(self, _request: web.Request) -> web.Response:
        """Every model, in OpenAI's list shape."""
        return _json(models(self._snapshots.fleet))

    async def model(self, request: web.Request) -> web.Response:
        """One model, or a 404 as OpenAI's clients know it."""
        there = models(self._snapshots.fleet).data
        name = _known(request, [each.id for each in there])
        return _json(next(each for each in there if each.id == name))

    async def endpoints(self, request: web.Request) -> web.Response:
        """Where one model is."""
        name = _known(request, sorted(self._snapshots.fleet.models))
        return _json(endpoints(self._snapshots.fleet, ModelName(name), self._now()))


def _known(request: web.Request, there: Sequence[str]) -> str:
    """The model that is asked for, one of those that are *there*; raises a problem for any other."""
    name = request.match_info["model"]
    if name not in there:
        raise no_such_model(f"no region has {shown(name)}{meant(name, there)}", there)
    return name


def _json(told: Wire) -> web.Response:
    return web.Response(
        body=told.model_dump_json().encode(), content_type="application/json", headers={"Cache-Control": "no-cache"}
    )
