"""What the handlers share, and where they find it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from aiohttp import web

from node_agent.core.models import ModelName, ModelSpec
from node_agent.core.units import Seconds
from node_agent.runtime.chats import Chats
from node_agent.runtime.ports import Clock
from node_agent.runtime.reporter import Reporter


@dataclass(frozen=True, slots=True)
class Edge:
    """Everything an endpoint may use."""

    models: Mapping[ModelName, ModelSpec]
    chats: Chats
    reporter: Reporter
    clock: Clock
    metrics: Callable[[], bytes]
    """The metrics page."""
    patience: Seconds
    """Longest that a client may take to accept what it asked for."""
    new_id: Callable[[], str]
    """An unguessable name, safe in a header."""


EDGE = web.AppKey("edge", Edge)
REQUEST_ID = web.RequestKey("request_id", str)
