"""What a node may call itself."""

import pytest

from node_agent.core.health import Health, judge
from node_agent.core.models import ModelName, ModelState, Standing

READY, LOADING, FAILED, COLD, UNLOADING = (
    Standing(ModelState[name]) for name in ("READY", "LOADING", "FAILED", "COLD", "UNLOADING")
)
ASKED_FOR = Standing(ModelState.LOADING, on_demand=True)


@pytest.mark.parametrize(
    ("standings", "draining", "health"),
    [
        ([READY], False, Health.READY),
        ([READY, READY], False, Health.READY),
        ([LOADING], False, Health.STARTING),
        ([FAILED], False, Health.STARTING),
        ([FAILED, LOADING], False, Health.STARTING),
        ([READY, LOADING], False, Health.DEGRADED),
        ([READY, FAILED], False, Health.DEGRADED),
        ([READY, COLD], False, Health.READY),
        ([COLD], False, Health.READY),
        ([COLD, ASKED_FOR, UNLOADING], False, Health.READY),
        ([FAILED, COLD], False, Health.DEGRADED),
        ([READY], True, Health.DRAINING),
        ([FAILED], True, Health.DRAINING),
    ],
)
def test_health_follows_from_the_models_and_the_door(standings, draining, health):
    named = {ModelName(f"m{place}"): standing for place, standing in enumerate(standings)}
    verdict = judge(named, draining=draining)
    assert verdict.health is health
    assert bool(verdict.reason) == (health is not Health.READY)


def test_the_reason_names_the_model_and_why():
    verdict = judge({ModelName("m"): Standing(ModelState.FAILED, "it died")}, draining=False)
    assert verdict.reason == "m failed: it died"


def test_the_reason_tells_how_far_loading_is():
    standings = dict(zip(map(ModelName, "abcd"), [READY, LOADING, LOADING, COLD], strict=True))
    assert judge(standings, draining=False).reason == "loading 2 of 3: b, c"
    only = {ModelName("a"): LOADING}
    assert judge(only, draining=False).reason == "loading 1 of 1: a"
