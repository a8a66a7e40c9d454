"""The fleet at one instant, where nodes are judged by looking at all of them together."""

from dataclasses import replace

import pytest

from autorouter.core.capacity import COLD
from autorouter.core.fleet import Health, ModelLoad, Node, Region, Stage, Tier
from autorouter.core.holds import Hold, HoldKind
from autorouter.core.ledger import Ledger, fold
from autorouter.core.names import Country, ModelName, NodeName, RegionName, RouterName
from autorouter.core.observation import Observation, Outcome, Report
from autorouter.core.place import Coordinates
from autorouter.core.snapshot import SILENT, snapshot
from autorouter.core.units import Instant, Millis, Seconds, Unix

US, THEM = RouterName("us"), RouterName("them")
SPEAKS = {Outcome.READY, Outcome.DEGRADED, Outcome.DRAINING, Outcome.STARTING}


class Fleet:
    """Regions of one node each, looked at by us every two seconds."""

    def __init__(self, *names):
        self.regions = tuple(map(self.region, names))
        self.ledger, self.now, self.seq = Ledger(US), 0.0, 0
        self.served = dict.fromkeys(names, 0)
        self.failed = dict.fromkeys(names, 0)
        self.taken = dict.fromkeys(names, 0.0)
        self.boot = dict.fromkeys(names, "b1")

    @staticmethod
    def region(name):
        node = Node(NodeName(name), f"http://{name}")
        where = Coordinates(43, -79)
        return Region(
            RegionName(name), name, where, Country("CA"), Tier.METRO, Stage.ACTIVE, f"https://{name}", (node,)
        )

    def look(self, *, times=1, router=US, every=2.0, **found):
        """Look at all; *found* says of some what comes of it."""
        for _ in range(times):
            self.now += every
            self.seq += 1
            self.ledger = fold(self.ledger, [self.found(n, found.get(n, Outcome.READY), router) for n in self.served])
        return self

    def found(self, name, outcome, router):
        load = ModelLoad(
            ModelName("m"), "1", "ready", 10, self.taken[name], 0.0, Millis(100.0), self.served[name],
            self.failed[name],
        )  # fmt: skip
        report = Report(self.boot[name], self.seq, "0.1", (load,)) if outcome in SPEAKS else None
        return Observation(router, RegionName(name), NodeName(name), Instant(self.now), outcome, report=report)

    def views(self):
        fleet = snapshot(self.regions, self.ledger, Seconds(2.0), Instant(self.now), 1)
        return {view.region.name: view.nodes[0] for view in fleet.regions}

    def health(self):
        return {name: view.health for name, view in self.views().items()}

    def warm(self, name):
        return self.views()[name].models["m"].warm


class TestGray:
    def test_a_node_that_fails_its_clients_is_offered_last_and_comes_back_by_itself(self):
        fleet = Fleet("a", "b", "c").look(times=3)
        fleet.failed["a"] += 5
        fleet.look()
        assert fleet.health() == {"a": Health.DEGRADED, "b": Health.UP, "c": Health.UP}
        assert fleet.views()["a"].reason == "5 requests failed in a row"
        fleet.look(times=15)
        assert fleet.health()["a"] is Health.UP

    def test_it_was_never_gone_so_it_does_not_come_back_cold(self):
        fleet = Fleet("a").look(times=3)
        fleet.failed["a"] += 5
        assert fleet.look().warm("a") == 1.0
        assert fleet.look(times=15).warm("a") == 1.0

    def test_another_boot_is_not_held_to_the_counts_of_the_last(self):
        fleet = Fleet("a").look(times=3)
        fleet.failed["a"], fleet.boot["a"] = 5, "b2"
        assert fleet.look().health()["a"] is Health.UP

    def test_where_we_have_not_looked_the_best_that_others_say_counts(self):
        fleet = Fleet("a").look(times=3, router=THEM)
        fleet.failed["a"] += 5
        assert fleet.look(router=THEM).health()["a"] is Health.DEGRADED
        fleet.look(router=RouterName("third"), every=0.5)
        assert fleet.health()["a"] is Health.UP

    def test_a_node_that_comes_back_from_the_dead_starts_clean(self):
        fleet = Fleet("a", "b").look(times=3).look(times=15, a=Outcome.REFUSED).look(times=5)
        assert fleet.look(times=20).health()["a"] is Health.UP


class TestSilence:
    def test_one_silent_node_is_out(self):
        fleet = Fleet("a", "b", "c").look(times=3).look(times=4, a=Outcome.TIMED_OUT)
        assert fleet.health()["a"] is Health.DOWN

    @pytest.mark.parametrize("outcome", [Outcome.TIMED_OUT, Outcome.UNREACHABLE])
    def test_if_most_are_silent_it_is_not_believed_of_any(self, outcome):
        fleet = Fleet("a", "b", "c").look(times=3).look(times=4, a=outcome, b=outcome)
        assert fleet.health() == {"a": Health.DEGRADED, "b": Health.DEGRADED, "c": Health.UP}
        assert fleet.views()["a"].reason == SILENT

    def test_what_another_router_hears_is_not_silent(self):
        fleet = Fleet("a", "b", "c").look(times=3).look(times=3, a=Outcome.TIMED_OUT, b=Outcome.TIMED_OUT)
        fleet.look(router=THEM, every=0.5)
        assert set(fleet.health().values()) == {Health.UP}

    def test_refusals_are_believed_of_all(self):
        fleet = Fleet("a", "b", "c").look(times=3).look(times=4, a=Outcome.REFUSED, b=Outcome.REFUSED)
        assert fleet.health() == {"a": Health.DOWN, "b": Health.DOWN, "c": Health.UP}

    def test_two_nodes_say_nothing_of_each_other(self):
        fleet = Fleet("a", "b").look(times=3).look(times=4, a=Outcome.TIMED_OUT, b=Outcome.TIMED_OUT)
        assert set(fleet.health().values()) == {Health.DOWN}

    def test_who_is_off_on_purpose_says_nothing_of_the_others(self):
        fleet = Fleet("a", "b", "m1", "m2").look(times=3)
        fleet.regions = tuple(
            replace(each, stage=Stage.MAINTENANCE) if each.name.startswith("m") else each for each in fleet.regions
        )
        fleet.look(times=4, b=Outcome.TIMED_OUT, m1=Outcome.TIMED_OUT, m2=Outcome.TIMED_OUT)
        assert fleet.health()["b"] is Health.DOWN

    def test_what_was_never_well_is_not_missed(self):
        dead = dict.fromkeys("abc", Outcome.TIMED_OUT)
        assert set(Fleet("a", "b", "c").look(times=4, **dead).health().values()) == {Health.DOWN}


class TestLoad:
    def test_reports_are_smoothed(self):
        fleet = Fleet("a").look(times=10)
        fleet.taken["a"] = 8.0
        assert 0.5 < fleet.look().views()["a"].models["m"].taken < 2.0
        assert fleet.look(times=60).views()["a"].models["m"].taken == pytest.approx(8.0, abs=0.1)

    def test_a_node_that_starts_anew_is_cold_and_has_no_past(self):
        fleet = Fleet("a")
        fleet.taken["a"] = 8.0
        fleet.look(times=20)
        assert fleet.warm("a") == 1.0
        fleet.boot["a"], fleet.taken["a"] = "b2", 0.0
        fleet.look()
        assert (fleet.warm("a"), fleet.views()["a"].models["m"].taken) == (COLD, 0.0)

    def test_who_has_looked_for_longest_knows_what_is_cold(self):
        fleet = Fleet("a").look(times=3).look(times=5, a=Outcome.REFUSED).look(times=5)
        fleet.look(router=THEM, every=0.5)
        assert fleet.warm("a") < 0.2

    def test_a_node_that_comes_back_warms_up_in_a_minute(self):
        fleet = Fleet("a").look(times=3).look(times=5, a=Outcome.REFUSED).look(times=5)
        assert fleet.health()["a"] is Health.UP
        assert fleet.warm("a") == COLD
        assert fleet.look(times=30).warm("a") == 1.0


def held(fleet, *targets):
    holds = [Hold(target, HoldKind.DRAIN, "alice", "x", Unix(0.0)) for target in targets]
    seen = snapshot(fleet.regions, fleet.ledger, Seconds(2.0), Instant(fleet.now), 1, holds)
    return {view.region.name: view for view in seen.regions}


def test_what_is_held_says_so_and_is_looked_at_as_ever():
    view = held(Fleet("a", "b").look(times=3), "a")
    assert [hold.target for hold in view["a"].holds] == ["a"]
    assert (view["a"].health, view["a"].serving, view["b"].holds) == (Health.UP, (), ())


def test_nodes_that_are_switched_off_while_they_are_held_do_not_make_the_router_doubt_itself():
    names = "abcdefgh"
    off = dict.fromkeys("abcde", Outcome.TIMED_OUT)
    fleet = Fleet(*names).look(times=3).look(times=4, **off)
    assert {name: view.health for name, view in held(fleet).items()}["a"] is Health.DEGRADED
    view = held(fleet, *"abcd")
    assert (view["a"].health, view["e"].health) == (Health.DOWN, Health.DOWN)


def test_a_held_node_takes_no_place_among_the_gray():
    fleet = Fleet("a", "b").look(times=3)
    for _ in range(30):
        for name in ("a", "b"):
            fleet.failed[name] += 1
        fleet.look()
    assert [fleet.health()[name] for name in ("a", "b")].count(Health.DEGRADED) == 1
    assert held(fleet, "a")["b"].health is Health.DEGRADED
    assert held(fleet, "b")["a"].health is Health.DEGRADED
