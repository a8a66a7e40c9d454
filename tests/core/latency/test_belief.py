"""The joint belief, held against the same Gaussian worked out by numpy, and told as scenes."""

from math import log
from random import Random
from typing import ClassVar

import numpy as np
import pytest

from autorouter.core.latency.belief import COMMON, KIN, MOST_SAMPLES, NOISE_AT_MOST, Belief
from autorouter.core.latency.globe import Globe
from autorouter.core.latency.law import z_of
from autorouter.core.latency.offsets import CLIP, FEWEST, Offsets, Pool
from autorouter.core.latency.prior import Prior
from autorouter.core.latency.sample import MOST_TRACKS
from autorouter.core.query import Access, Client
from autorouter.core.units import Kilometres
from tests.measured import JITTER, TOKYO, WORLD, belief, evidence, off, regions, row_of, sample
from tests.scenes import LONDON, TORONTO, client


def conditioned(fleet, before, known):
    """Means and spreads of z in *fleet*, by the textbook: *before* without samples, *known* with them."""
    guesses = [before.of(region.name) for region in fleet]
    mean, spread = np.array([each.z for each in guesses]), np.array([each.sigma for each in guesses])
    kinship = np.array([known.globe.kinship(i) for i in range(len(fleet))])
    prior = np.outer(spread, spread) * (COMMON + KIN * kinship)
    np.fill_diagonal(prior, spread**2)
    seen = [i for i, region in enumerate(fleet) if region.name in known.evidence.tracks]
    tracks = [known.evidence.tracks[fleet[i].name] for i in seen]
    noise = np.diag([track.noise_of_z(0.0, JITTER) ** 2 for track in tracks])
    gain = prior[:, seen] @ np.linalg.inv(prior[np.ix_(seen, seen)] + noise)
    measured, sure = np.array([z_of(track.rtt) for track in tracks]), np.sqrt(np.diag(noise))
    after = mean + gain @ (measured - mean[seen])
    after[seen] = np.clip(after[seen], measured - NOISE_AT_MOST * sure, measured + NOISE_AT_MOST * sure)
    return after, np.sqrt(np.diag(prior - gain @ prior[seen, :]))


@pytest.mark.parametrize("seed", range(30))
def test_the_belief_is_the_conditional_of_a_gaussian(seed):
    dice = Random(seed)
    fleet = regions({f"r{i}": off(TORONTO, dice.uniform(10, 9_000), dice.uniform(0, 360)) for i in range(12)})
    measured = dice.sample([region.name for region in fleet], dice.randint(1, MOST_SAMPLES))
    who = client(off(TORONTO, dice.uniform(0, 2_000)), access=dice.choice(list(Access)))
    known = belief({name: dice.uniform(1, 400) for name in measured}, who=who, fleet=fleet)
    means, spreads = conditioned(fleet, belief(who=who, fleet=fleet), known)
    assert [known.of(region.name).z for region in fleet] == pytest.approx(means, abs=1e-9)
    assert [known.of(region.name).sigma for region in fleet] == pytest.approx(spreads, abs=1e-9)


class TestBeforeAnythingIsMeasured:
    def test_the_belief_is_the_law(self):
        found = belief().of("lhr")
        assert found.rtt == found.prior == pytest.approx(found.law)
        assert (found.source, found.track) == ("estimated", None)

    def test_nothing_surprises(self):
        assert belief().surprise == 1.0

    def test_of_an_unknown_place_the_belief_is_unknown(self):
        found = belief(who=Client(), own={"yto": 5.0}).of("yto")
        assert (found.source, found.rtt) == ("unknown", pytest.approx(5.0))


class TestOneSample:
    def test_is_nearly_believed_of_its_own_region(self):
        found = belief({"yvr": 100.0}).of("yvr")
        assert found.rtt == pytest.approx(100.0, rel=0.02)
        assert (found.source, found.track.rtt) == ("measured", 100.0)

    @pytest.mark.parametrize(("rtt", "sign"), [(3.0, -1), (300.0, 1)])
    @pytest.mark.parametrize("other", [name for name in WORLD if name != "yul"])
    def test_moves_every_region_the_same_way(self, rtt, sign, other):
        assert sign * (belief({"yul": rtt}).of(other).rtt - belief().of(other).rtt) > 0

    def test_moves_neighbours_more_than_others(self):
        before, after = belief(), belief({"yul": 60.0})
        moved = {name: (after.of(name).z - before.of(name).z) / before.of(name).sigma for name in ("yto", "syd")}
        assert moved["yto"] > 1.1 * moved["syd"]

    def test_leaves_the_prior_as_it_was(self):
        assert belief({"yul": 60.0}).of("yto").prior == belief().of("yto").rtt

    @pytest.mark.parametrize("name", WORLD)
    def test_makes_nothing_less_sure(self, name):
        assert belief({"yul": 60.0}).of(name).sigma <= belief().of(name).sigma

    def test_counts_less_when_it_is_old(self):
        fresh, old = (belief({"yul": 60.0}, now=days * 86_400.0).of("yto") for days in (0, 60))
        assert belief().of("yto").rtt < old.rtt < fresh.rtt
        assert old.sigma > fresh.sigma

    def test_counts_less_when_the_line_jitters(self):
        steady, wild = (belief({"yul": 60.0}, jitter=jitter).of("yul") for jitter in (1.0, 11.0))
        assert wild.rtt < steady.rtt
        assert wild.sigma > steady.sigma

    def test_of_an_unknown_place_says_something_of_every_region(self):
        nobody, own = Client(), {"yto": 5.0, "yul": 12.0}
        before, after = belief(who=nobody, own=own), belief({"yul": 60.0}, who=nobody, own=own)
        assert after.of("yto").rtt > before.of("yto").rtt
        assert after.of("yto").source == "estimated"


def test_a_slow_last_mile_does_not_change_which_unmeasured_region_is_nearer():
    def order(known):
        return sorted((name for name in WORLD if name != "yul"), key=lambda name: known.of(name).rtt)

    slow = belief({"yul": belief().of("yul").rtt + 25.0})
    assert order(slow) == order(belief())
    assert all(slow.of(name).rtt > belief().of(name).rtt + 3.0 for name in order(slow))


def test_what_a_whole_pool_has_in_common_changes_no_ranking_of_those_who_are_not_measured():
    offsets = Offsets()
    for i in range(FEWEST):
        offsets.hear_line(Pool(1, "CA"), f"n{i}", CLIP)
    mine, others = belief(who=client(TORONTO, asn=1), offsets=offsets), belief(who=client(TORONTO, asn=1))
    assert sorted(WORLD, key=lambda name: mine.of(name).rtt) == sorted(WORLD, key=lambda name: others.of(name).rtt)
    assert all(mine.of(name).rtt > others.of(name).rtt for name in WORLD)


class TestMoreRegionsThanTheJointBeliefRestsOn:
    count = MOST_TRACKS
    fleet = row_of(MOST_TRACKS + 2)
    measured: ClassVar = {f"r{i:02}": 5.0 + 3 * i for i in range(MOST_TRACKS)}

    @pytest.fixture
    def known(self):
        return belief(self.measured, fleet=self.fleet)

    def test_the_rest_is_believed_as_it_was_measured(self, known):
        for name in list(self.measured)[MOST_SAMPLES:]:
            found = known.of(name)
            assert (found.rtt, found.source, found.track.rtt) == (self.measured[name], "measured", found.rtt)
            assert found.spread == pytest.approx(found.track.noise(0.0, JITTER))

    def test_the_joint_belief_is_that_of_the_nearest_alone(self, known):
        few = belief(dict(list(self.measured.items())[:MOST_SAMPLES]), fleet=self.fleet)
        for name in [*list(self.measured)[:MOST_SAMPLES], self.fleet[-1].name]:
            assert known.of(name) == few.of(name)

    def test_a_region_that_is_gone_from_the_catalog_does_not_count(self, known):
        fewer = belief(self.measured, fleet=self.fleet[1:])
        assert fewer.evidence.tracks.keys() == known.evidence.tracks.keys()
        assert fewer.of("r01").source == "measured"


def test_no_guess_moves_what_was_measured_by_more_than_its_noise():
    mislaid = belief({"yto": 10.0, "lhr": 88.0}, who=client(LONDON))
    found = mislaid.of("yto")
    assert found.prior > 100.0
    assert found.z == pytest.approx(z_of(10.0) + NOISE_AT_MOST * found.track.noise_of_z(0.0, JITTER))


class TestSurprise:
    def test_is_small_when_the_prior_foresaw_the_samples(self):
        foreseen = belief()
        assert belief({name: foreseen.of(name).rtt for name in ("yto", "lhr")}).surprise == pytest.approx(0.0)

    def test_is_great_when_the_client_is_elsewhere(self):
        assert belief({"yto": 80.0, "lhr": 3.0}).surprise > 9.0

    def test_is_less_from_where_the_client_is(self):
        wrong = belief({"yto": 80.0, "lhr": 3.0})
        right = wrong.likeliest(("lhr",))
        assert right.likelihood > wrong.likelihood
        assert right.surprise < wrong.surprise
        assert right.evidence is wrong.evidence

    def test_is_less_from_there_than_from_anywhere_else(self):
        wrong = belief({"yto": 80.0, "lhr": 3.0})
        likeliest = wrong.likeliest(tuple(WORLD))
        assert likeliest.likelihood == max(wrong.likeliest((name,)).likelihood for name in WORLD)
        assert likeliest.likelihood == wrong.likeliest(("lhr",)).likelihood

    def test_is_looked_into_once_for_the_same_places(self):
        wrong = belief({"yto": 80.0, "lhr": 3.0})
        assert wrong.likeliest(("yul", "lhr")) is wrong.likeliest(("yul", "lhr"))
        assert wrong.likeliest(()) is wrong

    def test_is_a_matter_of_how_well_the_place_is_known(self):
        vague = client(TORONTO, radius=Kilometres(1000.0))
        assert belief({"yto": 80.0}, who=vague).surprise < belief({"yto": 80.0}).surprise


def test_an_estimate_is_worked_out_once():
    known = belief({"yul": 20.0})
    assert known.of("yto") is known.of("yto")


def test_two_regions_at_one_place_are_told_apart_by_what_was_measured():
    twins = regions({"a": LONDON, "b": LONDON, "far": TOKYO})
    known = belief({"a": 30.0}, who=client(LONDON), fleet=twins)
    assert known.of("a").rtt == pytest.approx(30.0, rel=0.05)
    assert known.of("b").prior < known.of("b").rtt < known.of("a").rtt
    assert known.of("b").sigma > known.of("a").sigma


class TestWhatAClientReports:
    """It can be anything, so it is heeded and not obeyed."""

    @pytest.mark.parametrize("lie", [300.0, 5000.0])
    @pytest.mark.parametrize("regions", [["yto"], ["yto", "yul", "nyc"], list(WORLD)])
    def test_moves_its_own_belief_by_a_factor_of_two_at_most(self, lie, regions):
        before, after = belief(), belief(dict.fromkeys(regions, lie), source="reported")
        assert all(after.of(name).z - before.of(name).z < log(2.0) for name in WORLD)
        assert min(WORLD, key=lambda name: after.of(name).rtt) in {"yto", "yul", "nyc"}

    def test_leaves_much_doubt(self):
        before, after = belief(), belief(dict.fromkeys(WORLD, 5000.0), source="reported")
        assert all(after.of(name).sigma > 0.45 * before.of(name).sigma for name in WORLD)

    def test_is_believed_a_little(self):
        assert belief().of("yto").rtt < belief({"yto": 9.0}, source="reported").of("yto").rtt < 9.0

    def test_takes_no_place_of_what_nodes_measured(self):
        fleet = row_of(2 * MOST_SAMPLES)
        measured = evidence(*(sample(60.0, to=f"r{i:02}") for i in range(MOST_SAMPLES)))
        lied = evidence(*(sample(1.0, to=f"r{i:02}", source="reported") for i in (9, 10, 11)), known=measured)
        one, other = (believed(known, fleet) for known in (measured, lied))
        assert all(one.of(region.name)[:7] == other.of(region.name)[:7] for region in fleet)


def believed(known, fleet):
    globe = Globe(fleet)
    return Belief(Prior(client(TORONTO), globe, Offsets(), {}), globe, known, JITTER, 0.0)
