"""When nodes are looked at: the promise of 2.5 s and 8 s, kept on paper for every place in the interval."""

import pytest

from autorouter.core.fleet import Health
from autorouter.core.ledger import Ledger, fold
from autorouter.core.names import NodeName, RegionName, RouterName
from autorouter.core.observation import Observation, Outcome
from autorouter.core.schedule import next_look
from autorouter.core.units import Instant, Seconds

EVERY, DEADLINE = Seconds(2.0), 1.0
US = RouterName("us")


def seconds_to_down(node, died, outcome, takes):
    """Run the plan by hand: how long after *died* the node is down, when each look from then on ends in *outcome*."""
    ledger, asked, now = Ledger(US), None, Instant(0.0)
    while True:
        now = next_look(node, ledger.own(node), asked, EVERY, now)
        asked = now
        dead = now >= died
        ended = Instant(now + (takes if dead else 0.001))
        seen = Observation(US, RegionName("yto"), node, ended, outcome if dead else Outcome.READY)
        ledger = fold(ledger, [seen])
        if ledger.own(node).health is Health.DOWN:
            return ended - died
        now = ended


@pytest.mark.parametrize("moment", [x / 7 for x in range(70, 90)])
def test_a_refused_node_is_out_within_two_and_a_half_seconds(moment):
    assert seconds_to_down(NodeName("yto-01"), moment, Outcome.REFUSED, 0.001) <= 2.5


@pytest.mark.parametrize("moment", [x / 7 for x in range(70, 90)])
def test_a_silent_node_is_out_within_eight_seconds(moment):
    assert seconds_to_down(NodeName("yto-01"), moment, Outcome.TIMED_OUT, DEADLINE) <= 8.0


def test_nodes_are_spread_over_the_interval():
    nodes = [NodeName(f"n{i}") for i in range(400)]
    looks = [next_look(node, Ledger(US).own(node), Instant(100.0), EVERY, Instant(100.0)) - 100 for node in nodes]
    quarters = [sum(1 for look in looks if q * 0.5 < look <= (q + 1) * 0.5) for q in range(4)]
    assert min(quarters) > 70


def test_a_new_node_is_looked_at_at_once():
    assert next_look(NodeName("n"), Ledger(US).own(NodeName("n")), None, EVERY, Instant(5.0)) == 5.0
