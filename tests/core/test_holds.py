"""Holds: who holds what until when, and what that forbids."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from autorouter.core.fleet import Health
from autorouter.core.holds import (
    REMEMBERED,
    Entry,
    Hold,
    HoldKey,
    HoldKind,
    clock,
    in_force,
    lift,
    merged,
    next_entry,
    owed,
    roomy,
    told,
)
from autorouter.core.lease import UNSURE
from autorouter.core.names import NodeName
from autorouter.core.snapshot import assign
from autorouter.core.units import Unix
from tests.scenes import MONTREAL, TORONTO, names, node, region, route, rules

DRAIN, QUARANTINE = HoldKind.DRAIN, HoldKind.QUARANTINE
NOON = Unix(43_200.0)


def hold(target="yto-01", kind=DRAIN, by="alice", *, until=None, since=0.0, reason="new switch"):
    return Hold(target, kind, by, reason, Unix(since), until)


def known(*entries):
    return {each.hold.key: each for each in entries}


def detail(decision, name):
    return next(each.detail for each in decision.rejected if each.region == name)


def held(view, *holds):
    return replace(view, holds=holds)


# ── What is in force ──────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("entry", "holds"),
    [
        (Entry(hold(), 1), True),
        (Entry(hold(until=Unix(NOON + 1)), 1), True),
        (Entry(hold(until=NOON), 1), False),
        (Entry(hold(), 2, lifted=Unix(NOON - 1)), False),
    ],
)
def test_a_hold_holds_until_it_ends_or_is_taken_back(entry, holds):
    assert in_force(known(entry), NOON) == ((entry.hold,) if holds else ())


def test_setting_a_hold_again_replaces_it_and_another_persons_is_another():
    first = known(next_entry({}, hold()))
    again = next_entry(first, hold(reason="two switches", until=NOON))
    both = known(again, next_entry(first, hold(by="bob")))
    assert again.version == 2
    assert [(each.by, each.reason) for each in in_force(both, Unix(0.0))] == [
        ("alice", "two switches"),
        ("bob", "new switch"),
    ]


def test_only_what_is_in_force_can_be_taken_back():
    there = known(Entry(hold(), 4), Entry(hold(by="bob", until=Unix(1.0)), 1))
    taken = lift(there, [*there, HoldKey("yul-01", DRAIN, "eve")], NOON)
    assert [(each.hold.by, each.version, each.lifted) for each in taken] == [("alice", 5, NOON)]


# ── What routers tell each other ──────────────────────────────────────────────
def test_of_two_accounts_the_later_counts_and_of_equals_what_the_store_has():
    ours, theirs = Entry(hold(), 2), Entry(hold(reason="as the store has it"), 2)
    later, earlier = Entry(hold(by="bob"), 3, lifted=NOON), Entry(hold(by="bob"), 1)
    assert merged(known(ours, later), known(theirs, earlier), NOON) == known(theirs, later)
    assert owed(known(ours, later), known(theirs, earlier), NOON) == (later,)


def test_what_was_taken_back_long_ago_is_forgotten_and_not_put_back():
    gone = Entry(hold(), 2, lifted=Unix(0.0))
    ended = Entry(hold(by="bob", until=Unix(0.0)), 1)
    lasting = Entry(hold(by="eve"), 1)
    late = Unix(REMEMBERED + 1)
    assert merged(known(gone, ended), known(lasting), late) == known(lasting)
    assert owed(known(gone, ended, lasting), {}, late) == (lasting,)


def test_what_ended_longest_ago_makes_room_and_what_is_in_force_never_does():
    late = Unix(REMEMBERED + 10)
    over, long_ago = Entry(hold("a"), 2, lifted=Unix(5.0)), Entry(hold("b", until=Unix(20.0)), 1)
    lately, lasting = Entry(hold("c"), 2, lifted=Unix(30.0)), Entry(hold("d"), 1)
    there = known(over, long_ago, lately, lasting)
    assert roomy(there, late, 9) == known(long_ago, lately, lasting)
    assert roomy(there, late, 2) == known(lately, lasting)
    assert roomy(there, late, 0) == known(lasting)


# ── In words ──────────────────────────────────────────────────────────────────
def test_a_person_is_told_who_holds_until_when_and_why():
    two = [hold(until=Unix(50_700.0)), hold(kind=QUARANTINE, by="bob", reason="lies")]
    assert told(two) == "drained by alice until 14:05Z: new switch; quarantined by bob: lies"


def test_of_many_holds_the_first_are_told():
    assert told([hold(by=f"p{i}") for i in range(9)]).endswith("p2: new switch; and 6 more")


@pytest.mark.parametrize("at", [0, 951_782_400, 951_868_800, 1_790_000_000, 4_107_542_399, 68_169_600])
def test_dates_are_those_of_the_calendar(at):
    expected = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%MZ")
    assert clock(Unix(at), Unix(at - 86_400)) == expected


# ── What it forbids ───────────────────────────────────────────────────────────
def test_a_held_region_is_not_in_any_answer_and_says_why():
    decision = route(held(region("yto-01"), hold(until=Unix(50_700.0))), region("yul-01", MONTREAL))
    assert names(decision) == ["yul-01"]
    assert rules(decision)["yto-01"] == "hold"
    assert detail(decision, "yto-01") == "drained by alice until 14:05Z: new switch"


def test_a_hold_never_bends():
    decision = route(held(region("yto-01"), hold()), held(region("yul-01", MONTREAL), hold("yul-01")))
    assert decision.chosen is None
    assert set(rules(decision).values()) == {"hold"}


def test_a_client_is_not_kept_where_it_is_if_that_is_held():
    decision = route(held(region("yto-01"), hold()), region("yul-01", MONTREAL), previous="yto-01")
    assert names(decision) == ["yul-01"]


def test_a_region_whose_nodes_are_all_held_is_held():
    nodes = [node(name, endpoint=f"https://{name}", holds=(hold(name),)) for name in ("a", "b")]
    decision = route(region("yto-01", nodes=nodes))
    assert rules(decision) == {"yto-01": "hold"}


def test_a_held_node_is_not_aimed_at_and_its_neighbour_is():
    nodes = [node("a", endpoint="https://a", holds=(hold("a"),)), node("b", endpoint="https://b")]
    decision = route(region("yto-01", nodes=nodes))
    assert decision.chosen.placement.nodes == ("b",)
    assert decision.ttl > UNSURE


def test_where_the_other_nodes_are_gone_both_reasons_are_told():
    nodes = [node("a", holds=(hold("a"),)), node("b", health=Health.DOWN, reason="refused")]
    decision = route(region("yto-01", nodes=nodes))
    assert rules(decision) == {"yto-01": "health"}
    assert detail(decision, "yto-01") == "drained by alice: new switch; its other nodes are draining or down"


def test_a_shared_endpoint_goes_on_without_a_drained_node_and_is_asked_about_soon():
    decision = route(region("yto-01", TORONTO, nodes=[node("a", holds=(hold("a"),)), node("b")]))
    assert decision.chosen.placement.nodes == ("b",)
    assert decision.ttl == UNSURE


def test_a_shared_endpoint_is_not_offered_while_a_node_behind_it_is_in_quarantine():
    bad = node("a", holds=(hold("a", QUARANTINE),))
    decision = route(region("yto-01", nodes=[bad, node("b")]), region("yul-01", MONTREAL))
    assert names(decision) == ["yul-01"]
    own = node("c", endpoint="https://c")
    assert route(region("yto-01", nodes=[bad, node("b"), own])).chosen.placement.nodes == ("c",)


def test_quarantine_is_of_the_node_or_of_all_nodes_of_the_region():
    assert node("a", holds=(hold("a", QUARANTINE),)).quarantined
    assert not node("a", holds=(hold("a"),)).quarantined
    assert held(region("yto-01"), hold(), hold(kind=QUARANTINE)).quarantined
    assert not held(region("yto-01"), hold()).quarantined


def test_a_name_that_a_region_and_a_node_share_is_the_regions():
    regions = [region("yto-01", nodes=[node("yto-01"), node("b")]).region]
    on_regions, on_nodes = assign([hold(), hold("b"), hold("gone")], regions)
    assert on_regions == {"yto-01": (hold(),)}
    assert on_nodes == {"b": (hold("b"),), "gone": (hold("gone"),)}
    assert NodeName("yto-01") not in on_nodes


def test_a_region_that_got_another_id_is_still_held_under_its_old_one():
    regions = [region("tor-01", nodes=[node("yto-01"), node("B")], aliases=frozenset({"YTO-01"})).region]
    on_regions, on_nodes = assign([hold(), hold("b")], regions)
    assert on_regions == {"tor-01": (hold(),)}
    assert on_nodes == {"B": (hold("b"),)}
