"""``GET /v1/models`` and ``/v1/models/{id}``: what this node can be asked for, by which names."""

from collections.abc import Iterable, Mapping

from aiohttp import web

from node_agent.api.edge import EDGE, MODEL, Edge
from node_agent.api.guard import require_referred
from node_agent.api.problems import Failed
from node_agent.api.sunset import has_ended
from node_agent.api.told.models import Pricing
from node_agent.core.models import Kind, ModelName, ModelSpec, Price

PG_KINDS = {Kind.LLM: "chat", Kind.EMBEDDING: "embedding"}
"""PolarGrid's words for kinds, as far as its client knows any."""


async def list_models(request: web.Request) -> web.Response:
    """All of them, ready or not: readiness is `GET /v1/node/status`'s to tell."""
    edge = request.app[EDGE]
    return web.json_response({"object": "list", "data": [_shape(edge, model) for model in _offered(edge)]})


async def show_model(request: web.Request) -> web.Response:
    """One of them."""
    return web.json_response(_shape(request.app[EDGE], asked_for(request, request.match_info["model"])))


def asked_for(request: web.Request, name: str, kind: Kind | None = None) -> ModelSpec:
    """The model that *request* calls *name*, of *kind*: from here on its answer is about it.

    Raises `Failed` like `require`, and for one of another kind; `Denied` if a router sent the client for another.
    """
    edge = request.app[EDGE]
    require_referred(request, name)
    model = require(edge, name)
    if kind is not None and model.kind is not kind:
        fit = ", ".join(sorted(each.name for each in _offered(edge) if each.kind is kind)) or "none"
        raise Failed(
            "model_unfit", f"model {model.name} is of the kind {model.kind}; this takes one of {fit}", "model"
        )
    request[MODEL] = model
    return model


def require(edge: Edge, name: str) -> ModelSpec:
    """The model called *name*, or known by it too. Raises `Failed` with those that exist.

    What a client calls a model goes no further than this: it is looked up, and the catalogue's own names are used.
    """
    model = edge.models.get(ModelName(name)) or next((m for m in edge.models.values() if name in m.aliases), None)
    if model is None:
        there = ", ".join(sorted(each.name for each in _offered(edge)))
        raise Failed("model_not_found", f"model {name[:128]!r} is not on this node, which has: {there}", "model")
    if has_ended(model, edge.clock.unix()):
        raise Failed("model_not_found", f"model {model.name!r} ended on {model.sunset}", "model")
    return model


def _offered(edge: Edge) -> Iterable[ModelSpec]:
    now = edge.clock.unix()
    return (model for model in edge.models.values() if not has_ended(model, now))


def _shape(edge: Edge, model: ModelSpec) -> Mapping[str, object]:
    """``created`` is 0: the weights' date is not known, and a false one would be worse.

    OpenAI's four, what PolarGrid's client wants besides, and ours.
    """
    openai = {"id": model.name, "object": "model", "created": 0, "owned_by": model.owner}
    more = {
        "root": model.name,
        "pg_regions": [edge.reporter.identity.region],
        "pg_avg_latency_ms": round(edge.reporter.service_ms(model.name)),
        "pg_model_type": PG_KINDS.get(model.kind),
        "pg_max_tokens": model.context,
        "pg_pricing": _pricing(model.price),
        "aliases": list(model.aliases),
        "sunset": model.sunset,
    }
    return openai | {name: value for name, value in more.items() if value}


def _pricing(price: Price) -> Pricing:
    """Of a thousand tokens."""
    return {"input_tokens": price.prompt / 1000, "output_tokens": price.answer / 1000, "unit": "per_1k_tokens"}
