"""``/livez``, ``/readyz``, ``/metrics``: for whoever runs the router.

Ready means *fresh enough to answer from*, not *Redis is up*: a router that sees its nodes routes well alone. One
that never could read the holds may send clients to what is held, so it is not ready.
"""

from collections.abc import Callable, Sequence

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

from autorouter.core.schedule import probed
from autorouter.core.snapshot import FRESH_PROBES
from autorouter.runtime.ports import Clock
from autorouter.runtime.snapshots import Snapshots
from autorouter.wire.health import Readiness


class HealthEdge:
    """Tells whether this router lives and is fit to answer."""

    def __init__(
        self,
        snapshots: Snapshots,
        clock: Clock,
        registry: CollectorRegistry,
        unknown: Callable[[], Sequence[str]],
        store_up: Callable[[], bool | None],
        holds_known: Callable[[], bool],
    ) -> None:
        self._snapshots = snapshots
        self._now = clock
        self._registry = registry
        self._unknown = unknown
        self._store_up = store_up
        self._holds_known = holds_known

    async def livez(self, _request: web.Request) -> web.Response:
        """200 while the process runs its loop."""
        return web.Response(text="ok\n")

    async def readyz(self, request: web.Request) -> web.Response:
        """200 when all nodes were looked at, the news is fresh and holds were read; ``?verbose``: what is missing."""
        checks = {
            "nodes_looked_at": not self._unknown(),
            "fleet_fresh": self._fresh(),
            "holds_known": self._holds_known(),
        }
        ready = all(checks.values())
        if "verbose" not in request.query:
            return web.Response(status=200 if ready else 503, text="ok\n" if ready else "not ready\n")
        told = Readiness(
            ready=ready,
            checks=checks,
            nodes_unknown=tuple(self._unknown()),
            fleet_age_s=round(self._age(), 3),
            revision=self._snapshots.fleet.revision,
            store_up=self._store_up(),
        )
        status = 200 if ready else 503
        return web.Response(status=status, text=told.model_dump_json(), content_type="application/json")

    async def metrics(self, _request: web.Request) -> web.Response:
        """Everything counted, for Prometheus."""
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    def _age(self) -> float:
        return self._now() - self._snapshots.fleet.taken

    def _fresh(self) -> bool:
        """Published within the last probes; a fleet in which nothing is watched is always fresh."""
        watched = any(region.nodes and probed(region) for region in self._snapshots.catalog.regions)
        return not watched or self._age() <= FRESH_PROBES * self._snapshots.catalog.probe_every
