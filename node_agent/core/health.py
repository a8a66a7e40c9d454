"""The node's own word about itself, folded from what its models and its door say."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from node_agent.core.models import ModelName, ModelState, Standing


class Health(StrEnum):
    """``starting``: nothing can be served yet, or again yet. ``degraded``: something can, not everything."""

    STARTING = "starting"
    READY = "ready"
    DEGRADED = "degraded"
    DRAINING = "draining"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A word and its reason; the reason is empty when the node is ready."""

    health: Health
    reason: str = ""


def judge(standings: Mapping[ModelName, Standing], *, draining: bool) -> Verdict:
    """What the node may honestly call itself.

    >>> judge({ModelName("m"): Standing(ModelState.FAILED, "its process died")}, draining=False)
    Verdict(health=<Health.STARTING: 'starting'>, reason='m failed: its process died')
    """
    if draining:
        return Verdict(Health.DRAINING, "finishing old requests, taking no new ones")
    absent = [_sentence(name, standing) for name, standing in standings.items() if standing.state != ModelState.READY]
    if not absent:
        return Verdict(Health.READY)
    nothing = len(absent) == len(standings)
    return Verdict(Health.STARTING if nothing else Health.DEGRADED, "; ".join(absent))


def _sentence(name: ModelName, standing: Standing) -> str:
    return f"{name} {standing.state}" + (f": {standing.reason}" if standing.reason else "")
