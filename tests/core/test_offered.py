"""Why clients are not sent to a node for a model: in the words of whoever has to mend it."""

import pytest

from autorouter.core.fleet import Health, Stage
from autorouter.core.holds import Hold, HoldKind
from autorouter.core.names import ModelName
from autorouter.core.offered import why_not
from autorouter.core.placement import placements
from autorouter.core.units import Unix
from tests.scenes import MODEL, node, region

DRAIN = Hold("yto-01", HoldKind.DRAIN, "ana", "new firmware", Unix(0.0))
OWN = {"endpoint": "https://own.example"}


def reason(*nodes, **of_region):
    view = region("yto-01", nodes=nodes, **of_region)
    return why_not(view, view.nodes[0], view.nodes[0].models[MODEL])


def test_what_is_offered_has_no_reason():
    assert reason(node("a")) == ""
    assert reason(node("a", state="cold", loading=500.0)) == ""


@pytest.mark.parametrize(
    ("view", "told"),
    [
        (node("a", health=Health.DOWN, reason="connection refused"), "down: connection refused"),
        (node("a", health=Health.UNKNOWN), "unknown"),
        (node("a", draining=True), "draining"),
        (node("a", state="failed"), "failed"),
        (node("a", state="cold"), "cold"),
        (node("a", slots=0), "no slots"),
    ],
)
def test_a_node_that_cannot_says_what_is_wrong_with_it(view, told):
    assert reason(view) == told


def test_what_an_operator_wants_comes_first():
    assert reason(node("a", health=Health.DOWN), stage=Stage.MAINTENANCE) == "maintenance in regions.yaml"
    assert "drained by ana" in reason(node("a", health=Health.DOWN, holds=(DRAIN,)))


def test_what_a_region_may_not_serve_says_where_that_is_written():
    told = "not among the models of its region in regions.yaml"
    assert reason(node("a"), models=frozenset({ModelName("other")})) == told


def test_a_node_nobody_can_aim_at_depends_on_its_neighbours():
    told = "other nodes behind its region's endpoint cannot have it"
    assert reason(node("a"), node("b", models=("other",))) == told


def test_a_degraded_node_waits_behind_the_sound():
    ill = node("a", health=Health.DEGRADED, reason="Triton restarted", **OWN)
    assert reason(ill, node("b", endpoint="https://b.example")) == (
        "degraded: Triton restarted, and others of its region are not"
    )
    assert reason(ill) == ""


def test_a_reason_is_there_where_nobody_is_sent_and_only_there():
    for health in Health:
        for state in ("ready", "cold", "loading", "failed"):
            for more in ({}, OWN):
                view = region("yto-01", nodes=(node("a", health=health, state=state, **more), node("b", **more)))
                offered = any("a" in each.nodes for each in placements(view, frozenset({MODEL})))
                assert offered is not bool(why_not(view, view.nodes[0], view.nodes[0].models[MODEL]))
