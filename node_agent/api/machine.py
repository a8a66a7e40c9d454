"""The node's GPUs, as PolarGrid's client asks for them. A machine that has none says so, and what its models take."""

from collections.abc import Sequence

from aiohttp import web
from pydantic import BaseModel

from node_agent.api.edge import EDGE
from node_agent.api.guard import caller_of
from node_agent.api.loading import outcome, unload_each
from node_agent.api.reading import read
from node_agent.api.shapes import Strict
from node_agent.api.told.machine import GpusAnswer, GpuSeen, Memory, MemoryAnswer, Process, PurgeAnswer, Use
from node_agent.core.caller import Scope
from node_agent.runtime.gpus import Gpu

MIB_A_GB = 1024
"""PolarGrid's GB are GiB: 81,920 MB are 80 GB to it."""


class Purge(BaseModel):
    """The body of a purge."""

    model_config = Strict

    force: bool = False
    """Nothing more happens: what is in use stays in use, and is told of."""


async def status(request: web.Request) -> web.Response:
    """``GET /v1/gpu/status``: each GPU, and the processes of the models, whose ids only operators can do with."""
    edge, found = request.app[EDGE], await request.app[EDGE].gpus.seen()
    sees_all = Scope.OPERATOR in caller_of(request).scopes
    processes: list[Process] = [
        {"pid": each.process if sees_all else 0, "name": each.model, "memory_mb": each.memory}
        for each in edge.steward.footprints()
    ]
    body: GpusAnswer = {
        "status": "success",
        "gpus": [_gpu(each) for each in found],
        "processes": processes,
        "total_gpus": len(found),
        "timestamp": edge.clock.stamp(),
    }
    return web.json_response(body)


async def memory(request: web.Request) -> web.Response:
    """``GET /v1/gpu/memory``: of each GPU."""
    edge = request.app[EDGE]
    seen = [_memory(each) for each in await edge.gpus.seen()]
    body: MemoryAnswer = {"status": "success", "memory": seen, "timestamp": edge.clock.stamp()}
    return web.json_response(body)


async def purge(request: web.Request) -> web.Response:
    """``POST /v1/gpu/purge``: unload every model that is neither pinned nor in use."""
    await read(request, Purge)
    edge, before = request.app[EDGE], await request.app[EDGE].gpus.now()
    took = edge.steward.footprints()
    gone, errors = await unload_each(edge)
    taken, freed = (sum(each.memory for each in those) for those in (took, [e for e in took if e.model in gone]))
    then, now = _state(before, taken, taken), _state(await edge.gpus.now(), taken - freed, taken)
    advice = "" if before else "this machine has no GPU: told is the memory of the models' processes"
    body: PurgeAnswer = {
        "status": outcome(gone, errors),
        "actions": [f"unloaded {name}" for name in gone],
        "memory_before": then,
        "memory_after": now,
        "memory_freed_gb": round(freed / MIB_A_GB, 3),
        "models_unloaded": [*gone],
        "errors": errors,
        "recommendation": advice,
        "timestamp": edge.clock.stamp(),
    }
    return web.json_response(body)


def _gpu(gpu: Gpu) -> GpuSeen:
    free = gpu.total - gpu.used
    return {
        "index": gpu.index,
        "name": gpu.name,
        "memory": {"total_mb": gpu.total, "used_mb": gpu.used, "free_mb": free, **_memory(gpu)},
        "utilization": {"gpu_percent": gpu.busy, "memory_percent": gpu.memory_busy},
        "temperature_c": gpu.celsius,
    }


def _memory(gpu: Gpu) -> Memory:
    used = _percent(gpu.used, gpu.total)
    return {
        "total_gb": _gb(gpu.total),
        "used_gb": _gb(gpu.used),
        "free_gb": _gb(gpu.total - gpu.used),
        "percent_used": used,
        "percent_free": round(100.0 - used, 2),
    }


def _state(found: Sequence[Gpu], used: int, total: int) -> Use:
    """All GPUs together; where there are none, *used* of *total*."""
    if found:
        used, total = sum(each.used for each in found), sum(each.total for each in found)
    return {"used_gb": _gb(used), "total_gb": _gb(total), "percent_used": _percent(used, total)}


def _gb(mib: int) -> float:
    return round(mib / MIB_A_GB, 3)


def _percent(part: int, whole: int) -> float:
    return round(100.0 * part / whole, 2) if whole else 0.0
