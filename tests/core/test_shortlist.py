"""From many regions to those that can matter."""

from autorouter.core.eligible import EligibleSet
from autorouter.core.fleet import FleetSnapshot
from autorouter.core.latency.globe import Globe
from autorouter.core.names import RegionName
from autorouter.core.place import Coordinates
from autorouter.core.query import Client
from autorouter.core.shortlist import MOST, shortlist
from autorouter.core.sift import MOST_REMEMBERED, sift
from autorouter.core.units import Instant, Millis
from tests.scenes import TORONTO, client, names, question, region, route, rules

FLEET = tuple(
    region(f"r{i:02}", Coordinates(43.0, -79.0 + 2 * i), rtt=Millis(200.0 - i) if i % 2 else None)
    for i in range(2 * MOST)
)
GLOBE = Globe([view.region for view in FLEET])


def listed(who, known=(), views=FLEET, full=()):
    eligible = EligibleSet(frozenset(), views)
    found = shortlist(eligible, who, GLOBE, tuple(map(RegionName, known)), lambda view: view.region.name not in full)
    return [view.region.name for view in found.views]


def test_a_small_fleet_is_taken_whole():
    assert len(listed(client(TORONTO), views=FLEET[:MOST])) == MOST


def test_of_a_large_one_the_nearest():
    assert sorted(listed(client(TORONTO)))[:4] == ["r00", "r01", "r02", "r03"]
    assert len(listed(client(TORONTO))) == MOST


def test_and_what_is_known_to_the_client_however_far():
    farthest = FLEET[-1].region.name
    assert farthest not in listed(client(TORONTO))
    assert farthest in listed(client(TORONTO), known=[farthest, "gone"])


def test_if_the_nearest_are_all_full_as_many_more_that_have_room():
    full = [f"r{nth:02}" for nth in range(MOST + 4)]
    assert set(listed(client(TORONTO), full=full)) - set(full) == {f"r{nth}" for nth in range(MOST + 4, 2 * MOST)}
    assert len(listed(client(TORONTO), full=full[: MOST - 1])) == MOST


def test_a_client_is_sent_past_a_full_country_to_where_there_is_room():
    crowded = [region(f"r{nth:02}", Coordinates(43.0, -79.0 + nth), busy=9, service=50) for nth in range(MOST + 1)]
    assert names(route(*crowded, region("far", Coordinates(43.0, 20.0), slots=400), who=client(TORONTO)))[0] == "far"


def test_for_a_client_who_is_nowhere_those_that_are_near_the_router():
    assert listed(Client())[0] == f"r{2 * MOST - 1:02}"


def test_what_is_too_far_to_matter_says_so():
    decision = route(*FLEET, who=client(TORONTO))
    assert len(names(decision)) == MOST
    assert set(rules(decision).values()) == {"farther"}


def test_one_snapshot_remembers_only_so_many_constraints():

    fleet = FleetSnapshot(1, Instant(0.0), FLEET[:2])
    for number in range(MOST_REMEMBERED + 2):
        sift(fleet, question(exclude=frozenset({RegionName(f"gone{number}")})))
    assert len(fleet.memo) <= MOST_REMEMBERED
