"""What is remembered of findings, told on a timeline."""

from itertools import pairwise
from random import Random
from statistics import median

import pytest

from autorouter.core.latency.sample import (
    DAY,
    DRIFT_PER_DAY,
    MOST_REPORTED,
    MOST_TRACKS,
    NOISE,
    SAME_WITHIN,
    Evidence,
    is_hasty,
    learn,
)
from autorouter.core.latency.sources import SOURCES
from tests.measured import JITTER, evidence, sample, track

KEPT = SOURCES["served"].kept

SOON = 10.0
"""Seconds between two statements that are not one."""


def heard(*rtts, every=SOON, **more):
    """One sample after the other, to one region."""
    return [sample(rtt, at=i * every, **more) for i, rtt in enumerate(rtts)]


class TestAStatement:
    @pytest.mark.parametrize("late", [0.0, 0.5 * SAME_WITHIN, -0.5 * SAME_WITHIN, -100.0, -DAY])
    def test_heard_twice_changes_nothing(self, late):
        known = evidence(*heard(10.0, 11.0, 12.0))
        again = sample(12.0, at=2 * SOON + late)
        assert learn(known, again, JITTER) is known

    def test_that_is_older_than_what_is_known_is_no_news_whatever_it_says(self):
        known = evidence(*heard(10.0, 11.0, 12.0))
        assert learn(known, sample(11.5, at=SOON), JITTER) is known

    def test_of_another_value_at_nearly_the_same_time_is_another_statement(self):
        known = evidence(sample(10.0), sample(11.0, at=0.5 * SAME_WITHIN))
        assert known.tracks["yto"].recent == (10.0, 11.0)

    def test_of_the_same_value_later_is_another_statement(self):
        assert track(*heard(10.0, 10.0)).recent == (10.0, 10.0)

    def test_about_one_region_leaves_the_others_alone(self):
        known = evidence(sample(10.0, to="yto"))
        more = learn(known, sample(20.0, to="yul"), JITTER)
        assert more.tracks["yto"] is known.tracks["yto"]
        assert set(more.tracks) == {"yto", "yul"}


class TestWhatIsRemembered:
    def test_is_the_median_of_the_latest(self):
        assert track(*heard(10.0, 12.0, 11.0)).rtt == 11.0

    def test_is_of_two_in_the_middle_the_lower(self):
        assert track(*heard(10.0, 12.0)).rtt == 10.0

    def test_is_a_few_samples(self):
        recent = track(*heard(*range(10, 11 + KEPT))).recent
        assert recent == tuple(range(11, 11 + KEPT))

    def test_is_the_more_sure_the_more_samples_up_to_a_few(self):
        noises = [track(*heard(*[10.0] * count)).noise(0.0, JITTER) for count in range(1, KEPT + 3)]
        assert all(a > b for a, b in pairwise(noises[:KEPT]))
        assert len(set(noises[KEPT - 1 :])) == 1

    def test_starts_as_sure_as_the_node_that_tells_it(self):
        assert track(sample(n=3)).noise(0.0, 1.0) == pytest.approx(NOISE / 3**0.5)

    def test_is_weighed_down_by_age_and_never_dropped(self):
        path = track(sample(10.0))
        assert path.noise(3 * DAY, JITTER) == pytest.approx(path.noise(0.0, JITTER) + 3 * DRIFT_PER_DAY)
        assert path.rtt == 10.0

    @pytest.mark.parametrize("days", [366, 1e150, 1e300])
    def test_is_no_less_sure_from_a_year_on(self, days):
        path = track(sample(10.0))
        assert path.noise(days * DAY, JITTER) == path.noise(365 * DAY, JITTER)

    def test_is_not_surer_for_a_clock_that_is_ahead(self):
        path = track(sample(10.0, at=50.0))
        assert path.noise(0.0, JITTER) == path.noise(50.0, JITTER)

    def test_is_of_so_many_paths_at_most_and_the_slowest_goes(self):
        known = evidence(*(sample(10.0 + i, to=f"r{i}") for i in range(MOST_TRACKS)))
        more = learn(known, sample(5.0, to="fast"), JITTER)
        assert len(more.tracks) == MOST_TRACKS
        assert set(known.tracks) - set(more.tracks) == {f"r{MOST_TRACKS - 1}"}

    def test_is_not_changed_by_one_more_path_that_is_slower_than_all(self):
        known = evidence(*(sample(10.0 + i, to=f"r{i}") for i in range(MOST_TRACKS)))
        assert learn(known, sample(500.0, to="slow"), JITTER) is known


class TestASurprise:
    usual = tuple(heard(10.0, 10.0, 10.0))

    def later(self, rtt, turn=3):
        return sample(rtt, at=turn * SOON)

    def test_is_kept_apart_and_asked_for_again(self):
        known = evidence(*self.usual, self.later(80.0))
        assert known.odd == {"yto"}
        assert known.tracks["yto"].rtt == 10.0
        assert known.tracks["yto"].odd.rtt == 80.0

    def test_that_a_second_one_agrees_with_is_a_new_path(self):
        path = track(*self.usual, self.later(80.0), self.later(82.0, 4))
        assert path.recent == (80.0, 82.0)
        assert (path.n, path.odd, path.at) == (2, None, 4 * SOON)

    def test_that_a_second_one_differs_from_is_a_slow_packet(self):
        path = track(*self.usual, self.later(80.0), self.later(300.0, 4))
        assert path.rtt == 10.0
        assert path.odd.rtt == 300.0

    def test_that_the_usual_follows_is_forgotten(self):
        path = track(*self.usual, self.later(80.0), self.later(10.1, 4))
        assert path.odd is None
        assert path.rtt == 10.0
        assert 80.0 not in path.recent

    def test_heard_twice_is_still_one(self):
        known = evidence(*self.usual, self.later(80.0))
        assert learn(known, self.later(80.0), JITTER) is known
        assert learn(known, sample(80.0, at=3 * SOON + 0.5 * SAME_WITHIN), JITTER) is known

    def test_does_not_make_old_statements_news(self):
        known = evidence(*self.usual, self.later(80.0))
        assert learn(known, self.usual[-1], JITTER) is known

    def test_may_be_faster_too(self):
        assert track(*heard(80.0, 80.0, 80.0), self.later(9.0), self.later(9.0, 4)).rtt == 9.0

    @pytest.mark.parametrize(("jitter", "odd"), [(1.0, True), (11.0, False)])
    def test_is_a_matter_of_the_line(self, jitter, odd):
        assert (track(*self.usual, self.later(22.0), jitter=jitter).odd is not None) is odd

    def test_is_less_of_one_after_a_month(self):
        assert track(*self.usual, self.later(30.0)).odd is not None
        assert track(*self.usual, sample(30.0, at=40 * DAY)).odd is None


class TestSources:
    def test_a_better_one_replaces_a_worse_one_at_once(self):
        path = track(sample(100.0, source="reported"), sample(10.0, at=SOON))
        assert (path.recent, path.source) == ((10.0,), "served")

    @pytest.mark.parametrize("days", [0.5, 8, 400])
    def test_a_worse_one_is_not_heard_where_a_better_one_was_however_long_ago(self, days):
        known = evidence(sample(10.0))
        assert learn(known, sample(100.0, at=days * DAY, source="reported"), JITTER) is known

    def test_equals_are_pooled(self):
        path = track(sample(10.0), sample(11.0, at=SOON, source="probe"))
        assert path.recent == (10.0, 11.0)

    def test_each_has_its_kind(self):
        assert track(sample(source="probe")).kind is SOURCES["probe"]


MINUTE = 60.0


class TestReports:
    """What clients say of themselves."""

    def test_one_a_minute_and_path_is_heard(self):
        known = evidence(sample(10.0, source="reported"))
        hasty, patient = (sample(20.0, at=at, source="reported") for at in (MINUTE - 1.0, MINUTE))
        assert is_hasty(known, hasty)
        assert learn(known, hasty, JITTER) is known
        assert learn(known, patient, JITTER).tracks["yto"].recent == (10.0, 20.0)

    def test_of_another_region_and_what_nodes_measure_is_never_hasty(self):
        known = evidence(sample(10.0, source="reported"), sample(10.0, to="yul"))
        assert not is_hasty(known, sample(20.0, at=1.0, to="nyc", source="reported"))
        assert not is_hasty(known, sample(20.0, at=1.0))
        assert not is_hasty(known, sample(20.0, at=1.0, to="yul"))

    @pytest.mark.parametrize("lie", [1.0, 5000.0])
    def test_three_liars_in_ten_move_the_median_by_less_than_a_tenth(self, lie):
        """But fifteen reports in a row hold eight lies now and then."""
        moved, lies = [], 0
        for seed in range(10):
            dice, honest, lied = Random(seed), Evidence(), Evidence()
            for i in range(150):
                rtt = 20.0 + dice.expovariate(0.5)
                told = lie if dice.random() < 0.3 else rtt
                honest, lied = (
                    learn(known, sample(said, at=i * MINUTE, source="reported"), JITTER)
                    for known, said in ((honest, rtt), (lied, told))
                )
                if i > 15:
                    moved.append(abs(lied.tracks["yto"].rtt / honest.tracks["yto"].rtt - 1))
                    lies += lied.tracks["yto"].rtt == lie
        assert median(moved) < 0.1
        assert lies / len(moved) < 0.06

    def test_two_lies_that_agree_do_not_make_a_new_path(self):
        honest = [sample(20.0, at=i * MINUTE, source="reported") for i in range(5)]
        lies = [sample(5000.0, at=i * MINUTE, source="reported") for i in (5, 6)]
        assert track(*honest, *lies).rtt == 20.0

    def test_only_the_fastest_few_are_remembered_and_never_in_place_of_what_nodes_measured(self):
        told = [sample(1.0 + i, to=f"t{i}", source="reported") for i in range(MOST_REPORTED + 3)]
        assert set(evidence(*told).tracks) == {f"t{i}" for i in range(MOST_REPORTED)}
        measured = evidence(*(sample(90.0 + i, to=f"r{i}") for i in range(MOST_TRACKS)))
        assert evidence(*told, known=measured) is measured
        assert set(evidence(sample(to="r0"), *told).tracks) == {"r0", *(f"t{i}" for i in range(MOST_REPORTED))}

    def test_the_noise_of_a_lie_does_not_shrink_with_its_size(self):
        for rtt in (5.0, 50.0, 5000.0):
            assert track(sample(rtt, source="reported")).noise_of_z(0.0, JITTER) >= SOURCES["reported"].least


class TestEvidence:
    def test_of_nothing(self):
        nothing = Evidence()
        assert (dict(nothing.tracks), nothing.seen, nothing.served, nothing.odd) == ({}, 0.0, None, frozenset())

    def test_says_when_the_network_was_last_seen(self):
        assert evidence(sample(at=5.0), sample(to="yul", at=3.0)).seen == 5.0

    def test_says_where_the_network_was_served_last(self):
        known = evidence(sample(at=5.0), sample(to="yul", at=9.0), sample(to="nyc", at=20.0, source="probe"))
        assert known.served == "yul"
        assert evidence(sample(source="probe")).served is None

    def test_of_regions_that_moved_is_dropped(self):
        known = evidence(sample(to="yto"), sample(to="yul"))
        assert set(known.without({"yto"}).tracks) == {"yul"}
        assert known.without({"nyc"}) is known
