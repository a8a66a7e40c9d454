"""Two accounts of one network become one, whoever hears of whom first."""

from hypothesis import given
from hypothesis import strategies as st

from autorouter.core.latency.merge import lacks, merge
from autorouter.core.latency.sample import Evidence, Track
from autorouter.core.names import RegionName
from autorouter.core.units import Instant, Millis
from tests.measured import evidence, sample

tracks = st.builds(
    Track,
    st.sampled_from([(Millis(9.0),), (Millis(9.0), Millis(30.0)), (Millis(30.0),)]),
    st.sampled_from([1, 2]),
    st.sampled_from([Instant(0.0), Instant(1.0), Instant(90.0)]),
    st.sampled_from(["served", "probe", "reported"]),
    st.sampled_from([None, sample(80.0, at=95.0), sample(80.0, at=96.0, source="probe")]),
)
accounts = st.dictionaries(st.sampled_from("abc").map(RegionName), tracks, max_size=3).map(Evidence)


def told(known):
    return dict(known.tracks)


@given(accounts, accounts, accounts)
def test_in_whatever_order_and_however_often_the_outcome_is_one(one, other, third):
    assert merge(one, one) is one
    assert told(merge(one, other)) == told(merge(other, one))
    assert told(merge(merge(one, other), third)) == told(merge(one, merge(other, third)))


@given(accounts, accounts)
def test_what_both_together_know_one_of_them_knew_and_nothing_is_lost(one, other):
    both = merge(one, other)
    assert set(both.tracks) == set(one.tracks) | set(other.tracks)
    assert all(track in (one.tracks.get(region), other.tracks.get(region)) for region, track in both.tracks.items())
    assert not lacks(both, both)


def test_paths_that_only_one_knows_are_kept():
    both = merge(evidence(sample(9.0, to="yto")), evidence(sample(12.0, to="yul")))
    assert set(both.tracks) == {"yto", "yul"}


def test_the_better_source_is_believed_and_of_equals_the_later():
    old, new = evidence(sample(9.0)), evidence(sample(30.0, at=60.0))
    hearsay = evidence(sample(1.0, at=900.0, source="reported"))
    assert told(merge(old, new)) == told(merge(hearsay, new)) == told(new)


def test_what_is_kept_lacks_a_path_a_sample_or_a_later_word_and_not_what_clocks_differ_in():
    known = evidence(sample(9.0, at=50.0))
    assert lacks(Evidence(), known)
    assert lacks(evidence(sample(8.0, at=50.0)), known)
    assert lacks(evidence(sample(9.0)), known)
    assert not lacks(evidence(sample(9.0, at=49.5)), known)
    assert not lacks(merge(known, evidence(sample(to="yul"))), known)
