"""The node's own word about itself, folded from what its models and its door say."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from node_agent.core.models import ModelName, ModelState, Standing


class Health(StrEnum):
    """``starting``: nothing has been servable since boot. ``degraded``: something failed, or not all is there."""

    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word and its reason; the reason is empty when the node is ready."""

    health: Health
    reason: str = ""


def judge(standings: Mapping[ModelName, Standing], *, draining: bool, was_ready: bool) -> Verdict:
    """What the node may honestly call itself.

    *was_ready*: some model has been ready since boot. It tells a node that is coming up from one that fell down.

    >>> judge({ModelName("m"): Standing(ModelState.FAILED, "its process died")}, draining=False, was_ready=True)
    Verdict(health=<Health.DEGRADED: 'degraded'>, reason='m failed: its process died')
    """
    if draining:
        return Verdict(Health.DRAINING, "finishing old requests, taking no new ones")
    absent = [_sentence(name, standing) for name, standing in standings.items() if standing.state != ModelState.READY]
    if not absent:
        return Verdict(Health.READY)
    nothing_yet = len(absent) == len(standings) and not was_ready
    return Verdict(Health.STARTING if nothing_yet else Health.DEGRADED, "; ".join(absent))


def _sentence(name: ModelName, standing: Standing) -> str:
    return f"{name} {standing.state}" + (f": {standing.reason}" if standing.reason else "")
