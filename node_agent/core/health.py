"""The node's own word about itself, folded from what its models and its door say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from node_agent.core.models import ModelName, ModelState, Standing


class Health(StrEnum):
    """``starting``: nothing can be served yet, or again yet. ``degraded``: something can, not everything.

    What is cold can: it is loaded for who asks.
    """

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
    absent = {name: standing for name, standing in standings.items() if not standing.can_be_had}
    if not absent:
        return Verdict(Health.READY)
    nothing = len(absent) == len(standings)
    return Verdict(Health.STARTING if nothing else Health.DEGRADED, "; ".join(_sentences(standings, absent)))


def _sentences(standings: Mapping[ModelName, Standing], absent: Mapping[ModelName, Standing]) -> Iterator[str]:
    """What is on its way in one sentence, the rest one each."""
    loading = [name for name, standing in absent.items() if standing.state is ModelState.LOADING]
    if loading:
        meant = [standing for standing in standings.values() if standing.state is not ModelState.COLD]
        yield f"loading {len(meant) - len(loading) + 1} of {len(meant)}: {', '.join(loading)}"
    for name, standing in absent.items():
        if standing.state is not ModelState.LOADING:
            yield f"{name} {standing.state}" + (f": {standing.reason}" if standing.reason else "")
