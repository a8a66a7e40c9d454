"""What nodes say was used: each hour counts once, however often it is told."""

from hypothesis import given
from hypothesis import strategies as st

from autorouter.core.names import NodeName, RegionName
from autorouter.core.used import MOST_HOURS, MOST_MODELS, OTHER, Figures, Hour, Used

A, B = NodeName("a"), NodeName("b")
R, S = RegionName("r"), RegionName("s")


def used_of(*models, most=MOST_HOURS):
    return Used(lambda: models or ("m", "n"), most)


def hour(start=0, model="m", key="k", region="r"):
    return Hour(start, region, key, model)


def sums(used):
    return {(region, model): figures.requests for region, model, figures in used}


def test_an_hour_that_is_told_again_counts_once():
    used = used_of()
    used.take(R, A, [(hour(), Figures(3, cost_usd=0.5))])
    used.take(R, A, [(hour(), Figures(3, cost_usd=0.5))])
    used.take(R, A, [(hour(), Figures(5, cost_usd=0.75)), (hour(1), Figures(1))])
    assert list(used) == [("r", "m", Figures(6, cost_usd=0.75))]


def test_nodes_keys_and_models_are_told_apart():
    used = used_of()
    used.take(R, A, [(hour(), Figures(1)), (hour(key="other"), Figures(2)), (hour(model="n"), Figures(4))])
    used.take(S, B, [(hour(), Figures(8)), (hour(1), Figures(16))])
    assert sums(used) == {("r", "m"): 3, ("r", "n"): 4, ("s", "m"): 24}


def test_an_hour_that_shrank_was_begun_anew():
    used = used_of()
    used.take(R, A, [(hour(), Figures(5))])
    used.take(R, A, [(hour(), Figures(2))])
    used.take(R, A, [(hour(), Figures(3))])
    assert sums(used) == {("r", "m"): 8}


def test_a_node_is_counted_where_it_is_whatever_it_says():
    used = used_of()
    used.take(R, A, [(hour(region="s"), Figures(1)), (hour(region="t"), Figures(2))])
    assert sums(used) == {("r", "m"): 3}


def test_a_model_that_the_fleet_does_not_have_is_another():
    used = used_of()
    used.take(R, A, [(hour(model=f"made up {number}"), Figures(1)) for number in range(5)])
    used.take(R, A, [(hour(), Figures(1))])
    assert sums(used) == {("r", OTHER): 5, ("r", "m"): 1}


def test_a_model_that_has_left_the_fleet_keeps_its_name():
    fleet = {"m"}
    used = Used(lambda: fleet)
    used.take(R, A, [(hour(), Figures(1))])
    fleet.clear()
    used.take(R, A, [(hour(), Figures(3))])
    assert sums(used) == {("r", "m"): 3}


def test_names_without_end_cost_other_regions_nothing():
    names = [f"m{number}" for number in range(MOST_MODELS + 5)]
    used = used_of(*names)
    used.take(R, A, [(hour(model=name), Figures(1)) for name in names])
    used.take(S, B, [(hour(model=names[-1]), Figures(1))])
    assert len(sums(used)) == MOST_MODELS + 2
    assert (sums(used)[R, OTHER], sums(used)[S, names[-1]]) == (5, 1)


def test_hours_without_end_cost_other_nodes_nothing():
    used = used_of(most=10)
    used.take(R, B, [(hour(), Figures(1))])
    used.take(S, A, [(hour(start), Figures(1)) for start in range(50)])
    used.take(R, B, [(hour(), Figures(2))])
    assert sums(used)[R, "m"] == 2


def test_what_was_told_longest_ago_is_forgotten():
    used = used_of(most=2)
    for start in (0, 1, 2, 1):
        used.take(R, A, [(hour(start), Figures(1))])
    assert sums(used) == {("r", "m"): 3}
    used.take(R, A, [(hour(0), Figures(1))])
    assert sums(used) == {("r", "m"): 4}


TOLD = st.lists(st.tuples(st.sampled_from([A, B]), st.sampled_from([0, 1]), st.sampled_from([0, 1, 2])), max_size=30)


@given(TOLD, st.integers(0, 3))
def test_the_sum_is_that_of_the_hours_as_they_are(told, again):
    used, truth = used_of(), {}
    for node, start, more in told:
        truth[node, start] = truth.get((node, start), 0) + more
        for _ in range(again + 1):
            used.take(R, node, [(hour(start), Figures(truth[node, start]))])
    assert sum(sums(used).values()) == sum(truth.values())
