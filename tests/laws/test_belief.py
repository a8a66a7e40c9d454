"""What holds for every belief, whatever was measured, in whatever order."""

from math import isfinite

from hypothesis import given
from hypothesis import strategies as st

from autorouter.core.latency.atlas import Atlas
from autorouter.core.latency.explore import LEAST_SAVING, worth_measuring
from autorouter.core.latency.judge import LONGEST
from autorouter.core.latency.offsets import Group
from autorouter.core.latency.sample import Evidence, Sample, learn
from autorouter.core.names import Network, RegionName
from autorouter.core.query import Access, Client
from autorouter.core.units import Instant, Millis
from tests.measured import JITTER, WORLD, belief, regions
from tests.scenes import LONDON, TORONTO, client

rtts = st.floats(0.01, LONGEST)
names = st.sampled_from(sorted(WORLD))
measured = st.dictionaries(names, rtts, max_size=len(WORLD))
clients = st.one_of(
    st.builds(client, st.sampled_from([TORONTO, LONDON]), access=st.sampled_from(Access)), st.just(Client())
)
samples = st.builds(
    Sample,
    st.integers(0, 9).map(lambda i: Network(f"198.51.{i}.0/24")),
    names.map(RegionName),
    rtts.map(Millis),
    st.integers(1, 5),
    st.floats(0.0, 1e7).map(Instant),
    st.sampled_from(["served", "probe", "reported"]),
)


@given(clients, measured, st.floats(0.0, 1e8))
def test_every_estimate_is_a_number(who, known, now):
    believed = belief(known, who=who, now=now)
    for name in WORLD:
        found = believed.of(name)
        assert found.rtt >= 0.0
        assert found.sigma >= 0.0
        assert all(map(isfinite, (found.rtt, found.spread, found.z, found.sigma)))


@given(clients, measured)
def test_no_sample_makes_any_region_less_sure(who, known):
    before, after = belief(who=who), belief(known, who=who)
    assert all(after.of(name).sigma <= before.of(name).sigma + 1e-9 for name in WORLD)


@given(names, rtts)
def test_one_sample_is_believed_between_what_was_guessed_and_what_was_measured(name, rtt):
    before, after = belief().of(name), belief({name: rtt}).of(name)
    low, high = sorted((before.rtt, rtt))
    assert low - 1e-6 <= after.rtt <= high + 1e-6


@given(st.permutations(list(WORLD)), measured)
def test_the_order_of_what_was_measured_does_not_matter(order, known):
    shuffled = {name: known[name] for name in order if name in known}
    one, other = belief(known), belief(shuffled)
    assert all(abs(one.of(name).z - other.of(name).z) < 1e-6 for name in WORLD)


@given(st.lists(samples, max_size=12))
def test_what_is_heard_twice_in_a_row_is_heard_once(heard):
    once = twice = Evidence()
    for each in heard:
        once = learn(once, each, JITTER)
        twice = learn(learn(twice, each, JITTER), each, JITTER)
    assert once == twice


@given(st.lists(samples, max_size=40), st.integers(1, 5))
def test_there_are_never_more_networks_than_there_is_room_for(heard, room):
    known = Atlas(regions(), most=room)
    for each in heard:
        known.learn(each, client(TORONTO))
        known.forget()
        assert len(known) <= room


@given(clients, measured, names, st.sets(names))
def test_what_is_worth_measuring_is_allowed_and_not_where_the_client_goes_anyway(who, known, chosen, allowed):
    probe = worth_measuring(belief(known, who=who), RegionName(chosen), sorted(map(RegionName, allowed)))
    if probe is not None:
        assert probe.region in allowed - {chosen}
        assert probe.saving >= LEAST_SAVING


@given(st.lists(st.floats(-0.05, 0.05), min_size=14, max_size=20), st.data())
def test_three_liars_in_ten_leave_a_pool_among_the_honest(honest, data):
    liars = data.draw(st.lists(st.floats(-1.0, 1.0), max_size=len(honest) * 3 // 7))
    group = Group()
    for i, said in enumerate([*honest, *liars]):
        group.hear(Network(f"198.51.{i}.0/24"), said)
    assert min(honest) - 0.05 <= group.centre <= max(honest) + 0.05
