"""The decision, told as scenes."""

from dataclasses import replace

import pytest

from autorouter.core.assigned import Assigned
from autorouter.core.decide import Case, decide
from autorouter.core.eligible import EligibleSet
from autorouter.core.errors import ResidencyBreachError
from autorouter.core.explain import because
from autorouter.core.fleet import FleetSnapshot, Health, Stage, Tier
from autorouter.core.latency.atlas import Atlas
from autorouter.core.latency.sample import Sample
from autorouter.core.names import Country, ModelName, RegionName
from autorouter.core.policies import POLICIES
from autorouter.core.query import Client, Priority, Scope
from autorouter.core.spill import Spill
from autorouter.core.units import Millis, Seconds
from tests.scenes import (
    LONDON,
    MODEL,
    MONTREAL,
    NEW_YORK,
    NOW,
    TORONTO,
    VANCOUVER,
    client,
    names,
    node,
    question,
    region,
    route,
    rules,
)


def test_the_nearest_region_answers():
    fleet = region("yvr", VANCOUVER), region("yul", MONTREAL), region("yto", TORONTO)
    assert names(route(*fleet)) == ["yto", "yul", "yvr"]


def test_a_queue_is_part_of_the_price():
    idle = region("yto", TORONTO, slots=2, service=400)
    busy = region("yul", MONTREAL, slots=2, busy=1.5, service=400)
    assert names(route(idle, busy, at=MONTREAL)) == ["yto", "yul"]
    chosen = route(busy, at=MONTREAL).chosen
    assert 100 < chosen.wait < 400
    assert chosen.time_to_start == chosen.estimate.rtt + chosen.wait


def test_a_full_region_spills_over_to_the_next():
    decision = route(region("yto", TORONTO, busy=4, service=1), region("yul", MONTREAL, service=1))
    assert names(decision) == ["yul", "yto"]
    assert [each.placement.full for each in decision.ranked] == [False, True]
    assert not decision.bent


def test_a_heavy_client_needs_room_for_all_it_will_ask():
    fleet = region("yto", TORONTO, busy=1, service=1), region("yul", MONTREAL, service=1)
    assert names(route(*fleet, concurrency=10)) == ["yto", "yul"]
    assert names(route(*fleet, concurrency=20)) == ["yul", "yto"]


def test_a_heavy_client_is_put_where_it_fits_not_where_most_is_free_in_parts():
    nodes = [
        node("small", slots=4, busy=2, endpoint="https://small"),
        node("large", slots=100, busy=70, endpoint="https://large"),
    ]
    decision = route(region("yto", nodes=nodes), concurrency=15)
    assert decision.chosen.placement.endpoint == "https://large"
    assert not decision.bent


def test_batch_callers_leave_the_last_slots_to_conversations():
    fleet = region("yto", TORONTO, busy=3.5, service=1), region("yul", MONTREAL, service=1)
    assert names(route(*fleet)) == ["yto", "yul"]
    assert names(route(*fleet, priority=Priority.BATCH)) == ["yul", "yto"]


def test_a_region_is_full_when_it_uses_all_that_its_contract_grants():
    nodes = [node(name, slots=2, busy=1, service=1, endpoint=f"https://{name}") for name in ("a", "b", "c")]
    other = region("yul", MONTREAL, service=1)
    assert names(route(region("yto", nodes=nodes, slots=3), other)) == ["yul", "yto"]
    assert names(route(region("yto", nodes=nodes, slots=4), other)) == ["yto", "yul"]
    assert not route(region("yto", nodes=nodes, slots=9)).chosen.placement.full


def test_a_queue_for_one_model_does_not_make_a_region_full_for_another():
    crowded = node("yto")
    queue = replace(crowded.models[MODEL], name=ModelName("crowded"), busy=4, queued=10)
    both = replace(crowded, models={**crowded.models, ModelName("crowded"): queue})
    for slots in (None, 8):
        decision = route(region("yto", nodes=[both], slots=slots), models=frozenset({MODEL}))
        assert (names(decision), decision.bent) == (["yto"], False)


def test_a_model_without_a_slot_is_not_to_be_had():
    assert rules(route(region("yto", slots=0), region("yul"))) == {"yto": "model"}


def test_the_cloud_next_door_is_offered_when_no_edge_is_within_the_budget():
    fleet = region("yvr", VANCOUVER), region("cloud", TORONTO, tier=Tier.CLOUD)
    decision = route(*fleet, budget=Millis(20.0))
    assert names(decision) == ["cloud"]
    assert rules(decision) == {"yvr": "budget"}
    nothing = route(*fleet, budget=Millis(0.5))
    assert nothing.chosen is None
    assert rules(nothing) == {"yvr": "budget", "cloud": "budget"}


def test_full_regions_are_better_than_none():
    decision = route(region("yto", TORONTO, busy=4), region("yul", MONTREAL, busy=4))
    assert names(decision) == ["yto", "yul"]
    assert decision.bent
    assert all(each.placement.full for each in decision.ranked)


def test_a_degraded_region_is_offered_only_when_no_sound_one_is_left():
    weak = region("yto", TORONTO, health=Health.DEGRADED, reason="stub restarting")
    assert names(route(weak, region("yul", MONTREAL))) == ["yul"]
    alone = route(weak)
    assert names(alone) == ["yto"]
    assert alone.bent
    assert alone.ttl == 10.0


def test_the_cloud_is_offered_only_when_no_edge_is_left():
    cloud = region("cloud", TORONTO, tier=Tier.CLOUD)
    first = route(region("yvr", VANCOUVER), cloud)
    assert names(first) == ["yvr"]
    assert rules(first) == {"cloud": "overflow"}
    assert names(route(region("yvr", VANCOUVER, health=Health.DOWN), cloud)) == ["cloud"]
    assert names(route(region("yvr", VANCOUVER, busy=4), cloud)) == ["cloud"]


def test_the_cloud_is_never_a_way_around_residency():
    cloud = region("cloud", TORONTO, tier=Tier.CLOUD, country="US")
    decision = route(region("yvr", VANCOUVER, health=Health.DOWN), cloud, residency=frozenset({Country("CA")}))
    assert decision.chosen is None
    assert rules(decision) == {"yvr": "health", "cloud": "residency"}


def test_residency_is_never_traded_for_an_answer():
    decision = route(region("yto", TORONTO), residency=frozenset({Country("FR")}))
    assert decision.chosen is None
    assert decision.rejected[0].detail == "CA is outside FR"


def test_nothing_can_make_a_forbidden_region_eligible():
    with pytest.raises(ResidencyBreachError, match="nyc is in US, outside CA"):
        EligibleSet(frozenset({Country("CA")}), (region("nyc", NEW_YORK, country="US"),))


def test_a_border_is_crossed_only_if_the_country_has_no_region_left():
    york = client(NEW_YORK, country="CA")
    fleet = region("nyc", NEW_YORK, country="US"), region("yvr", VANCOUVER)
    assert names(route(*fleet, who=york)) == ["yvr", "nyc"]
    assert names(route(*fleet, who=york, scope=Scope.GLOBAL)) == ["nyc", "yvr"]
    assert names(route(fleet[0], who=york)) == ["nyc"]


def test_the_budget_of_the_client_is_kept():
    decision = route(region("yto", TORONTO), region("yvr", VANCOUVER), budget=Millis(30.0))
    assert names(decision) == ["yto"]
    assert rules(decision) == {"yvr": "budget"}


def test_the_client_may_choose():
    fleet = region("yto", TORONTO), region("yul", MONTREAL), region("yvr", VANCOUVER, tier=Tier.MEC)
    assert names(route(*fleet, only=frozenset({RegionName("yul")}))) == ["yul"]
    assert names(route(*fleet, exclude=frozenset({RegionName("yto")}))) == ["yul", "yvr"]
    assert names(route(*fleet, tiers=frozenset({Tier.MEC}))) == ["yvr"]


@pytest.mark.parametrize("stage", [Stage.DRAINING, Stage.MAINTENANCE, Stage.PLANNED])
def test_only_active_regions_take_new_clients(stage):
    assert rules(route(region("yto", stage=stage))) == {"yto": "stage"}


@pytest.mark.parametrize("health", [Health.UNKNOWN, Health.DOWN])
def test_what_is_not_known_to_live_is_not_offered(health):
    assert rules(route(region("yto", health=health))) == {"yto": "health"}


def test_a_node_that_drains_takes_no_new_clients():
    decision = route(region("yto", draining=True))
    assert decision.rejected[0].detail == "every node is draining"


class TestPipelines:
    stt, llm = ModelName("stt"), ModelName("llm")
    both = frozenset({stt, llm})

    def test_all_models_must_be_on_one_node(self):
        split = [node("a", models=["stt"], endpoint="https://a"), node("b", models=["llm"], endpoint="https://b")]
        assert rules(route(region("yto", nodes=split), models=self.both)) == {"yto": "model"}

    def test_the_node_that_holds_them_all_is_aimed_at(self):
        nodes = [node("a", models=["stt"], endpoint="https://a"), node("b", models=self.both, endpoint="https://b")]
        decision = route(region("yto", nodes=nodes), models=self.both)
        assert decision.chosen.placement.endpoint == "https://b"

    def test_a_shared_endpoint_counts_only_if_every_healthy_node_behind_it_holds_all(self):
        nodes = [node("a", models=self.both), node("b", models=["llm"])]
        assert rules(route(region("yto", nodes=nodes), models=self.both)) == {"yto": "model"}
        nodes[1] = node("b", models=["llm"], health=Health.DOWN)
        decision = route(region("yto", nodes=nodes), models=self.both)
        assert decision.chosen.placement.endpoint == "https://api.yto.example"

    def test_the_node_with_the_least_wait_is_taken(self):
        nodes = [
            node("a", busy=3, service=500, endpoint="https://a"),
            node("b", busy=2, service=500, endpoint="https://b"),
        ]
        assert route(region("yto", nodes=nodes)).chosen.placement.endpoint == "https://b"

    def test_equal_nodes_share_the_networks_that_ask(self):
        nodes = [node("a", endpoint="https://a"), node("b", endpoint="https://b")]
        asked = [client(network=f"203.0.{i}.0/24") for i in range(200)]
        chosen = [route(region("yto", nodes=nodes), who=who).chosen.placement.endpoint for who in asked]
        assert 70 < chosen.count("https://a") < 130

    def test_a_model_that_the_region_may_not_serve_does_not_count(self):
        view = region("yto", nodes=[node("a")], models=frozenset({ModelName("other")}))
        assert rules(route(view, models=frozenset({MODEL}))) == {"yto": "model"}


class TestUnknownPlace:
    nobody = Client()

    def test_gets_an_answer_by_the_routers_own_round_trip(self):
        far = region("yvr", VANCOUVER, rtt=Millis(60.0))
        near = region("yto", TORONTO, rtt=Millis(4.0))
        decision = route(far, near, who=self.nobody)
        assert names(decision) == ["yto", "yvr"]
        assert decision.chosen.estimate.source == "unknown"

    def test_ties_are_shared_by_network_not_decided_by_name(self):
        asked = [client(None, network=f"203.0.{i}.0/24") for i in range(200)]
        fleet = region("aaa", rtt=Millis(5.0)), region("bbb", rtt=Millis(5.0))
        first = [names(route(*fleet, who=who))[0] for who in asked]
        assert 70 < first.count("aaa") < 130


def here_waits(decision):
    return decision.ranked[0].wait - decision.ranked[1].wait


class TestIncumbent:
    def test_is_kept_for_a_small_gain(self):
        here, near = region("yto", TORONTO, busy=1.5, service=30), region("yul", TORONTO, service=30)
        decision = route(here, near, previous=RegionName("yto"))
        assert names(decision) == ["yto", "yul"]
        assert decision.kept == f"kept yto: yul only {here_waits(decision):.1f} ms better"

    def test_is_not_left_for_a_shorter_path_behind_a_longer_queue(self):
        near = region("yto", TORONTO, busy=2.2, service=60)
        far = region("yul", MONTREAL, service=60)
        who = client()
        assert names(route(near, far, who=who)) == ["yto", "yul"]
        assert names(route(near, far, who=who, previous=RegionName("yul"))) == ["yul", "yto"]

    def test_is_kept_though_full_while_the_load_is_its_own(self):
        here, near = region("yto", TORONTO, busy=4, service=1), region("yul", MONTREAL, service=1)
        decision = route(here, near, region("cloud", tier=Tier.CLOUD), previous=RegionName("yto"))
        assert names(decision) == ["yto", "yul"]
        alone = route(here, region("cloud", tier=Tier.CLOUD), previous=RegionName("yto"))
        assert names(alone) == ["yto"]

    def test_who_wants_room_is_sent_to_it_and_kept_there_until_there_is_clearly_more(self):
        near, roomy = region("near", TORONTO, busy=2), region("roomy", VANCOUVER, slots=100, busy=45)
        wants = {"policy": "most-headroom"}
        assert names(route(near, roomy, **wants)) == ["roomy", "near"]
        kept = route(near, roomy, previous=RegionName("near"), **wants)
        assert names(kept) == ["near", "roomy"]
        assert kept.kept == "kept near: roomy not clearly better"
        empty = region("roomy", VANCOUVER, slots=100)
        assert names(route(near, empty, previous=RegionName("near"), **wants)) == ["roomy", "near"]

    def test_is_left_for_a_clear_gain(self):
        decision = route(region("yvr", VANCOUVER), region("yto", TORONTO), previous=RegionName("yvr"))
        assert names(decision)[0] == "yto"
        assert decision.kept == ""

    def test_is_not_kept_across_a_border_the_client_prefers_not_to_cross(self):
        fleet = region("nyc", TORONTO, country="US"), region("yto", TORONTO)
        assert names(route(*fleet, previous=RegionName("nyc")))[0] == "yto"


def test_two_regions_at_one_place_both_get_clients_though_one_was_seen_to_be_a_little_faster():
    twins = region("t1", TORONTO, rtt=Millis(5.0)), region("t2", TORONTO, rtt=Millis(5.0))
    atlas = Atlas([view.region for view in twins])
    for number in range(60):
        who = client(network=f"10.9.{number}.0/24")
        for name, rtt in (("t1", 9.0), ("t2", 8.0)):
            atlas.learn(Sample(who.network, RegionName(name), Millis(rtt), 3, NOW, "served"), who)
    atlas.refresh()
    first = [decided(twins, atlas, client(network=f"10.8.{number}.0/24")) for number in range(200)]
    assert 70 < first.count("t1") < 130


def decided(views, atlas, who, **query):
    case = Case(
        question(who=who, **query), POLICIES["lowest-latency"], atlas.belief(who, NOW), Spill(Assigned(NOW)), NOW
    )
    return decide(case, FleetSnapshot(1, NOW, tuple(views)), Seconds(60.0)).chosen.view.region.name


class TestWrongCountry:
    FLEET = (region("lhr", LONDON, country="GB"), region("yto", TORONTO), region("yul", MONTREAL))

    def sent(self, source, **measured):
        who = replace(client(LONDON, country="GB"), source=source, named=False)
        atlas = Atlas([view.region for view in self.FLEET])
        for name, rtt in measured.items():
            atlas.learn(Sample(who.network, RegionName(name), Millis(rtt), 3, NOW, "served"), who)
        return decided(self.FLEET, atlas, who)

    def test_a_country_that_measurements_refute_is_no_reason_to_stay(self):
        assert self.sent("geoip-city", lhr=88.0, yto=9.0) == "yto"

    def test_a_country_that_they_do_not_refute_is(self):
        assert self.sent("geoip-city", lhr=20.0, yto=90.0) == "lhr"

    def test_what_the_operator_says_is_not_doubted(self):
        assert self.sent("networks", lhr=88.0, yto=9.0) == "lhr"


def test_leases_are_jittered_around_the_usual_and_steady_for_one_network():
    ttls = {route(region("yto"), who=client(network=f"203.0.{i}.0/24")).ttl for i in range(200)}
    assert min(ttls) >= 54
    assert max(ttls) <= 66
    assert len(ttls) > 8
    assert route(region("yto")).ttl == route(region("yto")).ttl


def test_an_answer_about_a_doubted_region_is_short():
    assert route(region("yto", doubted=True)).ttl == 10.0


def test_a_client_far_from_everything_still_gets_the_nearest():
    assert names(route(region("yto"), region("yvr", VANCOUVER), who=client(LONDON, country="GB"))) == ["yto", "yvr"]


def test_what_a_region_may_not_serve_is_no_room_for_those_who_ask_for_no_model_in_particular():
    busy = node("yto", models=(MODEL, "forbidden"), busy=4)
    idle = replace(busy.models["forbidden"], busy=0)
    held = replace(busy, models={MODEL: busy.models[MODEL], ModelName("forbidden"): idle})
    view = region("yto", nodes=[held], models=frozenset({MODEL}))
    assert names(route(view, region("yul", MONTREAL))) == ["yul", "yto"]


class TestOverload:
    FULL = region("yto", TORONTO, slots=100, busy=150), region("yul", MONTREAL, slots=100, busy=150)

    def all(self, *views, count=60, **query):
        return [route(*views, who=client(network=f"10.7.{number}.0/24"), **query) for number in range(count)]

    def test_who_is_sent_away_is_told_why_and_when_to_come_back_and_not_all_at_once(self):
        decisions = self.all(*self.FULL)
        assert all(decision.chosen is None for decision in decisions)
        assert rules(decisions[0]) == {"yto": "capacity", "yul": "capacity"}
        assert because(decisions[0]) == "every region that may answer is full"
        ttls = {decision.ttl for decision in decisions}
        assert min(ttls) >= 5
        assert max(ttls) <= 15
        assert len(ttls) > 5

    def test_the_cloud_takes_who_is_sent_on_and_says_so(self):
        decision = route(*self.FULL, region("cloud", VANCOUVER, tier=Tier.CLOUD, slots=1000))
        assert names(decision) == ["cloud"]
        assert because(decision).endswith("what is nearer is full")
        assert not decision.bent

    def test_not_where_residency_forbids_it(self):
        abroad = region("cloud", NEW_YORK, country="US", tier=Tier.CLOUD, slots=1000)
        assert route(*self.FULL, abroad, residency=frozenset({Country("CA")})).chosen is None

    def test_what_is_ill_does_not_get_what_is_too_much_for_the_sound(self):
        ill = region("yvr", VANCOUVER, slots=1000, health=Health.DEGRADED)
        assert {decision.chosen for decision in self.all(*self.FULL, ill)} == {None}
        assert names(route(ill)) == ["yvr"]

    def test_a_queue_that_is_too_long_for_the_budget_is_no_reason_to_come_back_all_at_once(self):
        busy = region("yto", TORONTO, slots=10, busy=10, service=1000), region("yul", MONTREAL)
        decisions = self.all(busy[0], budget=Millis(50.0), only=frozenset({RegionName("yto")}))
        assert all(decision.chosen is None for decision in decisions)
        assert len({decision.ttl for decision in decisions}) > 5
