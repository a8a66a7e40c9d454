"""What nodes say was used: each hour counts once, however often it is told."""

from hypothesis import given
from hypothesis import strategies as st

from autorouter.core.names import NodeName
from autorouter.core.used import MOST_SUMS, OTHER, Figures, Hour, Used

A, B = NodeName("a"), NodeName("b")


def hour(start=0, model="m", key="k", region="r"):
    return Hour(start, region, key, model)


def sums(used):
    return {(region, model): figures.requests for region, model, figures in used}


def test_an_hour_that_is_told_again_counts_once():
    used = Used()
    used.take(A, [(hour(), Figures(3, cost_usd=0.5))])
    used.take(A, [(hour(), Figures(3, cost_usd=0.5))])
    used.take(A, [(hour(), Figures(5, cost_usd=0.75)), (hour(1), Figures(1))])
    assert list(used) == [("r", "m", Figures(6, cost_usd=0.75))]


def test_nodes_keys_and_models_are_told_apart():
    used = Used()
    used.take(A, [(hour(), Figures(1)), (hour(key="other"), Figures(2)), (hour(model="n"), Figures(4))])
    used.take(B, [(hour(), Figures(8)), (hour(region="s"), Figures(16))])
    assert sums(used) == {("r", "m"): 11, ("r", "n"): 4, ("s", "m"): 16}


def test_an_hour_that_shrank_was_begun_anew():
    used = Used()
    used.take(A, [(hour(), Figures(5))])
    used.take(A, [(hour(), Figures(2))])
    used.take(A, [(hour(), Figures(3))])
    assert sums(used) == {("r", "m"): 8}


def test_names_without_end_share_one_sum():
    used = Used()
    used.take(A, [(hour(model=f"m{number}"), Figures(1)) for number in range(MOST_SUMS + 5)])
    assert len(sums(used)) == MOST_SUMS + 1
    assert sums(used)[OTHER, OTHER] == 5


def test_what_was_told_longest_ago_is_forgotten():
    used = Used(most=2)
    for start in (0, 1, 2, 1):
        used.take(A, [(hour(start), Figures(1))])
    assert sums(used) == {("r", "m"): 3}
    used.take(A, [(hour(0), Figures(1))])
    assert sums(used) == {("r", "m"): 4}


TOLD = st.lists(st.tuples(st.sampled_from([A, B]), st.sampled_from([0, 1]), st.sampled_from([0, 1, 2])), max_size=30)


@given(TOLD, st.integers(0, 3))
def test_the_sum_is_that_of_the_hours_as_they_are(told, again):
    used, truth = Used(), {}
    for node, start, more in told:
        truth[node, start] = truth.get((node, start), 0) + more
        for _ in range(again + 1):
            used.take(node, [(hour(start), Figures(truth[node, start]))])
    assert sum(sums(used).values()) == sum(truth.values())
