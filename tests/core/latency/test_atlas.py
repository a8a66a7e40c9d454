"""Everything that was measured: bounded, shared out fairly, and quick to read."""

import gc
import tracemalloc

import pytest

from autorouter.core.latency.atlas import FRESH, Atlas
from autorouter.core.latency.sample import DAY, MOST_TRACKS, Evidence, Sample
from autorouter.core.names import Country, Network, RegionName
from autorouter.core.query import Client
from autorouter.core.units import Instant, Kilometres, Millis
from tests.measured import SYDNEY, off
from tests.scenes import LONDON, MONTREAL, TORONTO, client, region

YTO, YUL = region("yto", TORONTO).region, region("yul", MONTREAL).region
NOW = Instant(100.0)


def sample(network, name="yto", rtt=12.0, source="served"):
    return Sample(Network(network), RegionName(name), Millis(rtt), 1, Instant(0.0), source)


def number(i):
    return f"203.0.{i}.0/24"


@pytest.fixture
def atlas():
    return Atlas([YTO, YUL], most=3)


def test_a_sample_makes_a_path_measured(atlas):
    assert atlas.learn(sample(number(0), rtt=30.0), client())
    found = atlas.belief(client(network=number(0)), NOW).of(RegionName("yto"))
    assert found.source == "measured"
    assert found.rtt > found.prior


def test_what_is_no_news_is_not_learned(atlas):
    assert atlas.learn(sample(number(0)), client())
    assert not atlas.learn(sample(number(0)), client())


def test_so_many_networks_and_no_more_and_the_least_known_goes_first(atlas):
    for i in range(4):
        atlas.learn(sample(number(i)), client())
        if i != 1:
            atlas.learn(sample(number(i), "yul"), client())
    assert atlas.forget() == (number(1),)
    assert len(atlas) == 3
    assert {network for network, _ in atlas.networks()} == {number(0), number(2), number(3)}


@pytest.mark.parametrize(("measured", "most"), [(1, 650), (3, 1000), (MOST_TRACKS, 3300)])
def test_a_network_costs_so_many_bytes_and_no_more(measured, most):
    fleet = [region(f"r{i}", off(TORONTO, 100.0 * i)).region for i in range(measured)]
    known, networks = Atlas(fleet), 1000
    gc.collect()
    tracemalloc.start()
    for i in range(networks):
        for each in fleet:
            known.learn(sample(number(i), each.name, 10.0 + i), client(TORONTO))
    gc.collect()  # what is garbage is not remembered
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(known) == networks
    assert taken / networks < most


def test_a_belief_is_kept_while_nothing_changes_it(atlas):
    who = client(network=number(0))
    before = atlas.belief(who, NOW)
    assert atlas.belief(who, NOW) is before
    atlas.learn(sample(number(0)), who)
    assert atlas.belief(who, NOW) is not before


def test_what_others_measured_reaches_a_belief_with_the_next_refresh(atlas):
    who = client(network=number(0))
    before = atlas.belief(who, NOW).of(RegionName("yul")).rtt
    for i in range(1, 4):
        atlas.learn(sample(number(i), "yul", rtt=60.0), client())
        atlas.learn(sample(number(i), "yto", rtt=5.0), client())
    atlas.refresh()
    assert atlas.belief(who, NOW).of(RegionName("yul")).rtt > before


def test_beliefs_at_hand_are_bounded(atlas, monkeypatch):
    monkeypatch.setattr("autorouter.core.latency.atlas.MOST_BELIEFS", 2)
    for i in range(5):
        atlas.belief(client(network=number(i)), NOW)
    assert len(atlas._beliefs) == 2


def test_who_says_where_it_is_is_not_believed_by_what_its_network_measured(atlas):
    atlas.learn(sample(number(0), rtt=99.0), client())
    said = Client(Network(number(0)), TORONTO, source="query")
    assert atlas.belief(said, NOW).of(RegionName("yto")).source == "estimated"


def test_a_client_without_an_address_is_believed_by_its_place_alone(atlas):
    assert atlas.belief(Client(at=TORONTO), NOW).of(RegionName("yto")).source == "estimated"


def test_a_region_that_moved_has_to_be_measured_again_the_others_not(atlas):
    atlas.learn(sample(number(0)), client())
    atlas.learn(sample(number(0), "yul"), client())
    assert atlas.place_of(RegionName("yto")) == TORONTO
    assert atlas.follow([region("yto", LONDON).region, YUL]) == [number(0)]
    assert list(atlas.evidence(Network(number(0))).tracks) == ["yul"]


def test_a_region_that_left_is_no_trouble_to_what_was_measured_to_it(atlas):
    atlas.learn(sample(number(0)), client())
    atlas.follow([YUL])
    assert (len(atlas), atlas.place_of(RegionName("yto"))) == (0, None)
    assert atlas.belief(client(network=number(0)), NOW).of(RegionName("yul")).source == "estimated"


def test_evidence_of_a_region_that_is_not_there_teaches_nothing(atlas):
    kept = Evidence(atlas.evidence(None).tracks)
    atlas.learn(sample(number(0)), client())
    track = atlas.evidence(Network(number(0))).tracks[RegionName("yto")]
    atlas.recall(Network(number(1)), Evidence({RegionName("gone"): track}), client())
    assert kept.tracks == {}
    assert atlas.belief(client(network=number(1)), NOW).of(RegionName("yto")).source == "estimated"


@pytest.mark.parametrize(
    "who",
    [client(None), client(TORONTO, radius=Kilometres(900.0))],
    ids=["nowhere", "vague"],
)
def test_a_client_whose_place_is_vague_teaches_nothing_about_places(atlas, who):
    before = atlas.belief(client(network=number(9)), NOW).of(RegionName("yto")).rtt
    atlas.learn(sample(number(0), rtt=200.0), who)
    atlas.refresh()
    assert atlas.belief(client(network=number(9)), NOW).of(RegionName("yto")).rtt == before


def test_what_clients_report_themselves_changes_nobody_elses_ranking(atlas):
    who = client(network=number(99))
    offsets = atlas._offsets
    for i in range(20):
        atlas.learn(sample(number(i), "yto", rtt=300.0, source="reported"), client())
    atlas.refresh()
    assert not offsets._regional
    assert not offsets._typical
    found = atlas.belief(who, NOW)
    assert found.of(RegionName("yto")).rtt < found.of(RegionName("yul")).rtt


def test_clients_who_are_nowhere_get_what_others_take(atlas):
    for i in range(3):
        atlas.learn(sample(number(i), rtt=77.0), client())
    lost = atlas.belief(Client(Network(number(9)), country=Country("CA")), NOW).of(RegionName("yto"))
    assert (lost.source, lost.rtt) == ("unknown", pytest.approx(77.0))


def test_a_belief_at_hand_gets_old_too(atlas):
    who = client(network=number(0))
    atlas.learn(sample(number(0)), who)
    young = atlas.belief(who, NOW)
    assert atlas.belief(who, Instant(NOW + FRESH)) is young
    old = atlas.belief(who, Instant(NOW + 30 * DAY))
    assert old.of(RegionName("yto")).sigma > young.of(RegionName("yto")).sigma


def test_news_from_far_away_leaves_a_belief_at_hand(atlas):
    london = client(LONDON, country="GB", network=number(9))
    before = atlas.belief(london, NOW), atlas.belief(client(network=number(8)), NOW)
    atlas.learn(sample(number(0)), client(TORONTO))
    atlas.refresh()
    after = atlas.belief(london, NOW), atlas.belief(client(network=number(8)), NOW)
    assert after[1] is not before[1]
    assert after[0] is not before[0]  # an ocean is not far enough
    sydney = client(SYDNEY, country="AU", network=number(7))
    before = atlas.belief(sydney, NOW)
    atlas.learn(sample(number(1)), client(TORONTO))
    atlas.refresh()
    assert atlas.belief(sydney, NOW) is before
