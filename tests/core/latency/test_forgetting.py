"""What goes when there is no room for all, and what stays whoever talks how much."""

from itertools import permutations

from autorouter.core.latency.forgetting import worth
from autorouter.core.latency.sample import DAY
from tests.measured import atlas, evidence, network, row_of, sample
from tests.scenes import client


def learned(known, *samples):
    for each in samples:
        known.learn(each, client(network=each.network))


def left(known):
    known.forget()
    return {each for each, _ in known.networks()}


def test_networks_that_only_reported_push_out_none_that_nodes_measured():
    known = atlas(row_of(20), most=200)
    real = [network(i) for i in range(200)]
    learned(known, *(sample(5.0, to="r00", at=float(i), network=each) for i, each in enumerate(real)))
    for i in range(1000, 1400):
        learned(
            known, *(sample(50.0, to=f"r{r:02}", at=9e6, network=network(i), source="reported") for r in range(16))
        )
        known.forget()
    assert left(known) == set(real)


def test_reports_do_not_make_what_was_measured_worth_more():
    measured = [sample(9.0, to="yto"), sample(9.0, to="yul")]
    assert worth(evidence(*measured)) == worth(evidence(*measured, sample(9.0, to="nyc", at=DAY, source="reported")))


def test_of_one_days_networks_the_least_known_goes_first_and_else_the_one_not_seen_for_longest():
    old, poor, rich = (network(i) for i in range(3))
    known = atlas(most=3)
    learned(known, sample(network=old), sample(to="yul", network=old, at=60.0))
    learned(
        known,
        sample(network=rich, at=DAY),
        sample(to="yul", network=rich, at=DAY),
        sample(network=poor, at=DAY + 9.0),
    )
    known._most = 2
    assert left(known) == {poor, rich}
    known._most = 1
    assert left(known) == {rich}


def test_what_was_seen_again_stays():
    first, second = network(0), network(1)
    known = atlas(most=2)
    learned(known, sample(network=first), sample(network=second, at=DAY), sample(network=first, at=9 * DAY))
    known._most = 1
    assert left(known) == {first}


def test_the_order_in_which_networks_are_recalled_does_not_matter():
    kept = [(network(i), evidence(sample(9.0, at=i * DAY / 3, network=network(i)))) for i in range(5)]
    outcomes = set()
    for order in permutations(kept):
        known = atlas(most=2)
        for each, found in order:
            known.recall(each, found, client(network=each))
        outcomes.add(frozenset(left(known)))
    assert len(outcomes) == 1


def test_networks_that_a_reload_left_with_nothing_are_not_asked_about_again():
    known = atlas(row_of(2), most=2)
    learned(known, sample(to="r00", network=network(0)), sample(to="r01", network=network(1)))
    known.follow(row_of(1))
    known._most = 0
    assert left(known) == set()
