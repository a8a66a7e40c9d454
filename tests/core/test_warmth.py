"""Models that are cold: to be had, at the price of their load."""

from dataclasses import replace

import pytest

from autorouter.core.explain import price
from autorouter.core.names import ModelName
from autorouter.core.place import Coordinates
from autorouter.core.placement import placements
from autorouter.core.shortlist import MOST
from autorouter.core.units import Millis
from tests.scenes import MODEL, MONTREAL, TORONTO, VANCOUVER, names, node, region, route, rules

MINE = frozenset({MODEL})
OTHER = ModelName("other")


def cold(name, at=TORONTO, loading=1200.0, state="cold", **more):
    return region(name, at, state=state, loading=loading, **more)


def two(first, second):
    """A node with two models: those of *first* and *second*."""
    return replace(first, models={**first.models, OTHER: replace(second.models[MODEL], name=OTHER)})


@pytest.mark.parametrize("state", ["cold", "loading"])
def test_warm_is_preferred_and_cold_is_priced_by_its_load(state):
    decision = route(cold("yto", state=state), region("yvr", VANCOUVER), models=MINE)
    assert names(decision) == ["yvr", "yto"]
    late = decision.ranked[1]
    assert late.wait == 1200.0
    assert late.time_to_start == late.estimate.rtt + 1200.0
    assert price(late).endswith("no queue, 1200 ms to load what is cold")
    assert "load" not in price(decision.ranked[0])


def test_a_load_shorter_than_the_way_is_worth_it():
    assert names(route(cold("yto", loading=5.0), region("yvr", VANCOUVER), models=MINE)) == ["yto", "yvr"]


def test_of_cold_regions_alone_the_nearest_answers():
    assert names(route(cold("yvr", VANCOUVER), cold("yto"), models=MINE)) == ["yto", "yvr"]


def test_a_budget_counts_the_load():
    assert rules(route(cold("yto"), models=MINE, budget=Millis(1000.0))) == {"yto": "budget"}


@pytest.mark.parametrize(
    ("state", "loading"), [("failed", 900.0), ("unloading", 900.0), ("loading", 0.0), ("cold", 0.0)]
)
def test_what_nobody_knows_the_load_of_is_not_to_be_had(state, loading):
    assert rules(route(cold("yto", state=state, loading=loading), models=MINE)) == {"yto": "model"}


def test_who_names_no_model_is_sent_where_one_is_ready():
    fleet = cold("yto"), region("yvr", VANCOUVER)
    assert names(route(*fleet)) == ["yvr", "yto"]
    both = two(node("yto"), node("yto", state="cold", loading=900.0))
    assert route(region("yto", nodes=[both])).chosen.wait == 0.0


def test_the_cold_count_for_those_alone_who_ask_for_them():
    both = two(node("yto"), node("yto", state="cold", loading=900.0))
    view = region("yto", nodes=[both])
    (anything,), (mine,) = placements(view, frozenset()), placements(view, MINE)
    (others,) = placements(view, frozenset({OTHER}))
    assert set(anything.slots) == set(mine.slots) == {MODEL}
    assert set(others.slots) == {MODEL, OTHER}
    assert (anything.loading, mine.loading, others.loading) == (0.0, 0.0, 900.0)


def test_a_pipeline_waits_for_its_slowest_load():
    both = two(node("yto", state="cold", loading=300.0), node("yto", state="loading", loading=900.0))
    view = region("yto", nodes=[both])
    assert placements(view, MINE | {OTHER})[0].loading == 900.0
    assert placements(view, frozenset())[0].loading == 300.0


def test_behind_one_endpoint_the_load_is_expected_of_any_node():
    nodes = [node("a"), node("b", state="cold", loading=1000.0)]
    assert route(region("yto", nodes=nodes), models=MINE).chosen.wait == 500.0


def test_a_warm_node_is_aimed_at_before_a_cold_one():
    nodes = [
        node("a", state="cold", loading=50.0, endpoint="https://a"),
        node("b", busy=2, service=10, endpoint="https://b"),
    ]
    assert route(region("yto", nodes=nodes), models=MINE).chosen.placement.endpoint == "https://b"


def test_room_where_nothing_is_loaded_is_not_room():
    fleet = cold("yto"), region("yul", MONTREAL, busy=3)
    assert names(route(*fleet, policy="most-headroom", models=MINE)) == ["yul", "yto"]


def test_a_client_is_sent_past_a_cold_country_to_where_it_is_warm():
    frozen = [cold(f"r{nth:02}", Coordinates(43.0, -79.0 + nth)) for nth in range(MOST + 1)]
    far = region("far", Coordinates(43.0, 20.0))
    assert names(route(*frozen, far, models=MINE))[0] == "far"
