"""``GET /v1/regions`` and ``GET /v1/models``: what there is and how it is."""

from aiohttp import web

from autorouter.api.answers import models, regions
from autorouter.api.problems import no_such_model
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
        name, there = request.match_info["model"], models(self._snapshots.fleet).data
        found = next((each for each in there if each.id == name), None)
        if found is None:
            known = [each.id for each in there]
            raise no_such_model(f"no region has {shown(name)}{meant(name, known)}", known)
        return _json(found)


def _json(told: Wire) -> web.Response:
    return web.Response(
        body=told.model_dump_json().encode(), content_type="application/json", headers={"Cache-Control": "no-cache"}
    )
