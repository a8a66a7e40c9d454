"""What the handlers share, and where they find it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from autorouter.wire.key import Key
from node_agent.core.errors import Denial
from node_agent.core.models import ModelName, ModelSpec
from node_agent.core.units import Seconds
from node_agent.runtime.gpus import Gpus
from node_agent.runtime.keyring import Keyring
from node_agent.runtime.ports import Clock
from node_agent.runtime.reporter import Reporter
from node_agent.runtime.service import Service
from node_agent.runtime.steward import Steward
from node_agent.runtime.survey import Survey
from node_agent.runtime.till import Till


@dataclass(frozen=True, slots=True)
class Edge:
    """Everything an endpoint may use."""

    models: Mapping[ModelName, ModelSpec]
    service: Service
    reporter: Reporter
    steward: Steward
    survey: Survey
    clock: Clock
    metrics: Callable[[], bytes]
    """The metrics page."""
    patience: Seconds
    """Longest that a client may take to accept what it asked for."""
    deny: Callable[[Denial], None]
    """Is told of each key that did not do."""
    new_id: Callable[[], str]
    """An unguessable name, safe in a header."""
    keyring: Keyring
    """Of clients."""
    till: Till
    gpus: Gpus
    runtime: str = "triton"
    """What runs the models."""
    keys: Sequence[Key] = ()
    """Of routers, which may ask for the status."""
    behind_proxy: bool = False
    """Every connection is one that a proxy made."""


EDGE = web.AppKey("edge", Edge)
REQUEST_ID = web.RequestKey("request_id", str)
MODEL = web.RequestKey("model", ModelSpec)
"""The model that a request is about, once that is known."""
