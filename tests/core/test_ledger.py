"""What is remembered of observations, told on a timeline."""

import pytest

from autorouter.core.fleet import Health, ModelLoad, Node, Region, Stage, Tier
from autorouter.core.ledger import Ledger, fold, forget
from autorouter.core.names import Country, ModelName, NodeName, RegionName, RouterName
from autorouter.core.observation import Observation, Outcome, Report
from autorouter.core.place import Coordinates
from autorouter.core.snapshot import snapshot
from autorouter.core.units import Instant, Millis, Seconds

US, THEM = RouterName("us"), RouterName("them")
NODE = NodeName("yto-01")


def seen(at, outcome=Outcome.READY, *, router=US, rtt=5.0, report=None, reason=""):
    ok = outcome in {Outcome.READY, Outcome.DEGRADED, Outcome.DRAINING, Outcome.STARTING}
    report = report or (reported(int(at * 10)) if ok else None)
    rtt = Millis(rtt) if ok else None
    return Observation(router, RegionName("yto"), NODE, Instant(at), outcome, reason, rtt, report)


def reported(seq, *, boot="b1", model="m"):
    return Report(boot, seq, "0.1", (ModelLoad(ModelName(model), "1", "ready", 4, 0, 0, Millis(0)),))


def remembered(*observations, ledger=None):
    return fold(ledger or Ledger(US), observations)


def view(ledger, now, *, nodes=(NODE,)):
    members = tuple(Node(name, f"http://{name}") for name in nodes)
    region = Region(
        RegionName("yto"), "Toronto", Coordinates(43, -79), Country("CA"), Tier.METRO, Stage.ACTIVE, "https://yto",
        members,
    )  # fmt: skip
    return snapshot((region,), ledger, Seconds(2.0), Instant(now), 1).regions[0]


def test_a_node_is_unknown_until_measured():
    assert view(Ledger(US), 1).health is Health.UNKNOWN


def test_the_round_trip_is_the_median_of_the_latest_five():
    ledger = remembered(*(seen(i + 1, rtt=rtt) for i, rtt in enumerate([90, 90, 10, 10, 90, 10, 10])))
    assert view(ledger, 8).rtt == 10


def test_a_failed_probe_leaves_the_round_trip_and_the_models_alone():
    ledger = remembered(seen(1), seen(3, Outcome.TIMED_OUT, reason="no answer"))
    node = view(ledger, 3).nodes[0]
    assert (node.rtt, node.doubted, node.health, list(node.models)) == (5.0, True, Health.UP, ["m"])


def test_since_tells_when_health_changed_not_when_it_was_confirmed():
    ledger = remembered(
        seen(1), seen(3), seen(5, Outcome.REFUSED), seen(5.25, Outcome.REFUSED), seen(7, Outcome.REFUSED)
    )
    node = view(ledger, 7).nodes[0]
    assert (node.health, node.since) == (Health.DOWN, 5.25)


def test_an_older_observation_changes_nothing():
    ledger = remembered(seen(5))
    assert fold(ledger, [seen(4, Outcome.REFUSED)]) == ledger


def test_a_replayed_report_is_an_outcome_of_its_own():
    ledger = remembered(seen(1, report=reported(7)), seen(3, report=reported(7)))
    node = view(ledger, 3).nodes[0]
    assert node.doubted
    assert node.reason == "report 7 after 7: replayed"


def test_a_restart_may_count_from_the_beginning_again():
    ledger = remembered(seen(1, report=reported(70)), seen(3, report=reported(1, boot="b2")))
    assert not view(ledger, 3).nodes[0].doubted


def test_a_node_is_as_well_as_the_best_that_a_router_with_fresh_news_says():
    ours = remembered(seen(1, Outcome.TIMED_OUT), seen(10, Outcome.TIMED_OUT), seen(9.5, router=THEM))
    assert view(ours, 10).health is Health.UP
    assert view(remembered(seen(20, Outcome.TIMED_OUT), ledger=ours), 20).health is Health.DOWN


def test_another_routers_round_trip_is_not_ours():
    assert view(remembered(seen(1, router=THEM)), 1).rtt is None


def test_when_nothing_is_fresh_the_last_known_stands():
    assert view(remembered(seen(1)), 500).health is Health.UP


def test_a_finding_of_another_router_that_is_heard_twice_counts_once():
    once = remembered(seen(1, router=THEM, report=reported(7)))
    again = remembered(seen(1.003, router=THEM, report=reported(7)), ledger=once)
    assert again == once


def test_what_is_gone_and_what_is_old_of_others_is_forgotten():
    ledger = remembered(seen(1), seen(1, router=THEM))
    assert set(forget(ledger, [], Instant(2)).memories) == {(US, NODE)}
    assert forget(ledger, [NODE], Instant(0)).memories == {}


@pytest.mark.parametrize("failure", [Outcome.TIMED_OUT, Outcome.REFUSED, Outcome.GARBLED, Outcome.UNREACHABLE])
def test_a_draining_node_that_fails_a_probe_still_drains(failure):
    draining = remembered(seen(1), seen(3, Outcome.DRAINING), seen(5, failure))
    assert not view(draining, 5).nodes[0].serving
    assert view(remembered(seen(7, report=reported(1, boot="b2")), ledger=draining), 7).nodes[0].serving


@pytest.mark.parametrize(("outcome", "draining"), [(Outcome.DRAINING, True), (Outcome.READY, False)])
def test_draining_is_what_the_node_says(outcome, draining):
    assert view(remembered(seen(1, outcome)), 1).nodes[0].draining is draining
