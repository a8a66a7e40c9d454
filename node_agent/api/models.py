"""``GET /v1/models`` and ``/v1/models/{id}``: what this node can be asked for."""

from collections.abc import Mapping

from aiohttp import web

from node_agent.api.edge import EDGE, Edge
from node_agent.api.problems import Failed
from node_agent.core.models import Kind, ModelName, ModelSpec


async def list_models(request: web.Request) -> web.Response:
    """All of them, ready or not: readiness is `GET /v1/node/status`'s to tell."""
    edge = request.app[EDGE]
    return web.json_response({"object": "list", "data": [_shape(model) for model in edge.models.values()]})


async def show_model(request: web.Request) -> web.Response:
    """One of them."""
    return web.json_response(_shape(require(request.app[EDGE], request.match_info["model"])))


def require(edge: Edge, name: str, kind: Kind | None = None) -> ModelSpec:
    """The model called *name*, by its own name or another, and of *kind*. Raises `Failed` with those that exist."""
    model = edge.models.get(ModelName(name)) or next((m for m in edge.models.values() if name in m.aliases), None)
    if model is None:
        there = ", ".join(sorted(edge.models))
        raise Failed("model_not_found", f"model {name[:128]!r} is not on this node, which has: {there}", "model")
    if kind is not None and model.kind is not kind:
        fit = ", ".join(sorted(each.name for each in edge.models.values() if each.kind is kind)) or "none"
        raise Failed("model_unfit", f"model {name!r} is of the kind {model.kind}; this takes one of {fit}", "model")
    return model


def _aliased(edge: Edge, name: str) -> ModelSpec | None:
    return next((model for model in edge.models.values() if name in model.aliases), None)


def _shape(model: ModelSpec) -> Mapping[str, object]:
    """``created`` is 0: the weights' date is not known, and a false one would be worse."""
    return {"id": model.name, "object": "model", "created": 0, "owned_by": model.owner}
