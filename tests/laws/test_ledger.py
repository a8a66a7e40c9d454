"""What no sequence of findings can do to what is remembered of a node."""

from hypothesis import given
from hypothesis import strategies as st

from autorouter.core.fleet import Health
from autorouter.core.ledger import Ledger, fold
from autorouter.core.names import NodeName, RegionName, RouterName
from autorouter.core.observation import Observation, Outcome, Report
from autorouter.core.snapshot import snapshot
from autorouter.core.units import Instant, Millis, Seconds
from tests.scenes import node, region

US, THEM = RouterName("us"), RouterName("them")
NODE = NodeName("yto")
SPOKE = {Outcome.READY, Outcome.DEGRADED, Outcome.DRAINING, Outcome.STARTING}
FAILED = sorted(set(Outcome) - SPOKE, key=lambda outcome: outcome.value)

histories = st.lists(st.tuples(st.sampled_from([US, THEM]), st.sampled_from(Outcome)), max_size=14)


def told(history, start=0):
    """Findings 0.5 s apart; each report with the next number."""
    return [
        Observation(
            router,
            RegionName("yto"),
            NODE,
            Instant(float(at) / 2 + 1),
            outcome,
            rtt=Millis(5.0) if outcome in SPOKE else None,
            report=Report("boot", at, "0.1") if outcome in SPOKE else None,
        )
        for at, (router, outcome) in enumerate(history, start)
    ]


def view(history):
    ledger = fold(Ledger(US), told(history))
    about = region("yto", nodes=[node("yto")]).region
    return snapshot((about,), ledger, Seconds(60.0), Instant(len(history) / 2 + 1), 1).regions[0].nodes[0]


@given(history=histories, router=st.sampled_from([US, THEM]), failure=st.sampled_from(FAILED))
def test_no_failure_makes_a_node_take_clients_that_it_did_not(history, router, failure):
    assert view(history).serving or not view([*history, (router, failure)]).serving


@given(history=histories)
def test_nothing_is_up_that_nobody_has_seen_well(history):
    if view(history).health >= Health.DEGRADED:
        assert {outcome for _, outcome in history} & {Outcome.READY, Outcome.DEGRADED, Outcome.DRAINING}


@given(history=histories)
def test_folding_one_by_one_is_folding_at_once(history):
    one_by_one = Ledger(US)
    for observation in told(history):
        one_by_one = fold(one_by_one, [observation])
    assert one_by_one == fold(Ledger(US), told(history))


@given(history=histories)
def test_hearing_everything_twice_changes_nothing(history):
    once = fold(Ledger(US), told(history))
    assert fold(once, told(history)) == once
