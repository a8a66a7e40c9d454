"""What an operator does to models, as PolarGrid's client asks for it: ``/v1/models/status``, ``load``, ``unload``."""

from collections.abc import Mapping

from aiohttp import web
from pydantic import BaseModel

from node_agent.api.edge import EDGE, Edge
from node_agent.api.models import require
from node_agent.api.reading import read
from node_agent.api.shapes import Strict
from node_agent.api.told.models import LoadAnswer, LoadedAnswer, UnloadAllAnswer, UnloadAnswer
from node_agent.core.models import ModelName, ModelState

WORDS: Mapping[str, str] = {
    ModelState.READY: "loaded",
    ModelState.LOADING: "loading",
    ModelState.FAILED: "failed",
    ModelState.UNLOADING: "unloaded",
    ModelState.COLD: "unloaded",
}
"""Our states → that client's words."""

OUTCOMES: Mapping[ModelState, str] = {ModelState.READY: "success", ModelState.FAILED: "failed"}
"""How a load went, by how the model stands then; else it goes on."""


class Unload(BaseModel):
    """The body of an unload."""

    model_config = Strict

    model_name: str


class Load(Unload):
    """The body of a load."""

    force_reload: bool = False


async def status(request: web.Request) -> web.Response:
    """``GET /v1/models/status``: who is in memory. There is no repository but the catalogue."""
    states = {model.name: model.state for model in request.app[EDGE].reporter.models()}
    loaded = [name for name, state in states.items() if state == "ready"]
    words = {name: WORDS[state] for name, state in states.items()}
    body: LoadedAnswer = {"loaded": loaded, "loading_status": words, "repository": "catalogue"}
    return web.json_response(body)


async def load(request: web.Request) -> web.Response:
    """``POST /v1/models/load``: load it, if need be anew, and wait for that."""
    edge, asked = request.app[EDGE], await read(request, Load)
    model = require(edge, asked.model_name).name
    obstacle = await edge.steward.unload(model) if asked.force_reload else ""
    if obstacle:
        return _loaded(model, "failed", f"it cannot be loaded anew: {obstacle}", asked)
    standing = await edge.steward.load(model)
    message = f"it is {standing.state}" + (f": {standing.reason}" if standing.reason else "")
    return _loaded(model, OUTCOMES.get(standing.state, "loading"), message, asked)


async def unload(request: web.Request) -> web.Response:
    """``POST /v1/models/unload``: unless it is pinned or in use. Who asks for it has it loaded again."""
    edge, asked = request.app[EDGE], await read(request, Unload)
    model = require(edge, asked.model_name).name
    obstacle = await edge.steward.unload(model)
    body: UnloadAnswer = {"status": "success", "model": model, "message": "it is not in memory"}
    if obstacle:
        body = {"status": "failed", "model": model, "message": obstacle}
    return web.json_response(body)


async def unload_all(request: web.Request) -> web.Response:
    """``POST /v1/models/unload-all``: each that can be."""
    gone, errors = await unload_each(request.app[EDGE])
    body: UnloadAllAnswer = {
        "status": outcome(gone, errors),
        "unloaded_models": [*gone],
        "errors": errors,
        "total_unloaded": len(gone),
    }
    return web.json_response(body)


async def unload_each(edge: Edge) -> tuple[list[ModelName], list[str]]:
    """Who was unloaded, and of the others in memory why not."""
    loaded = [ModelName(model.name) for model in edge.reporter.models() if model.state == "ready"]
    obstacles = {name: await edge.steward.unload(name) for name in loaded}
    gone = [name for name, obstacle in obstacles.items() if not obstacle]
    return gone, [f"{name}: {obstacle}" for name, obstacle in obstacles.items() if obstacle]


def outcome(gone: list[ModelName], errors: list[str]) -> str:
    """One word for it."""
    return "success" if not errors else "partial" if gone else "failed"


def _loaded(model: ModelName, status: str, message: str, asked: Load) -> web.Response:
    body: LoadAnswer = {"status": status, "model": model, "force_reload": asked.force_reload, "message": message}
    return web.json_response(body)
