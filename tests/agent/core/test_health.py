"""What a node may call itself."""

import pytest

from node_agent.core.health import Health, judge
from node_agent.core.models import ModelName, ModelState, Standing

READY, LOADING, FAILED = (Standing(ModelState[name]) for name in ("READY", "LOADING", "FAILED"))


@pytest.mark.parametrize(
    ("standings", "draining", "was_ready", "health"),
    [
        ([READY], False, True, Health.READY),
        ([READY, READY], False, True, Health.READY),
        ([LOADING], False, False, Health.STARTING),
        ([FAILED], False, False, Health.STARTING),
        ([FAILED], False, True, Health.DEGRADED),
        ([LOADING], False, True, Health.DEGRADED),
        ([READY, LOADING], False, False, Health.DEGRADED),
        ([READY, FAILED], False, True, Health.DEGRADED),
        ([READY], True, True, Health.DRAINING),
        ([FAILED], True, True, Health.DRAINING),
    ],
)
def test_health_follows_from_the_models_and_the_door(standings, draining, was_ready, health):
    named = {ModelName(f"m{place}"): standing for place, standing in enumerate(standings)}
    verdict = judge(named, draining=draining, was_ready=was_ready)
    assert verdict.health is health
    assert bool(verdict.reason) == (health is not Health.READY)


def test_the_reason_names_the_model_and_why():
    verdict = judge({ModelName("m"): Standing(ModelState.FAILED, "it died")}, draining=False, was_ready=True)
    assert verdict.reason == "m failed: it died"
