"""A decision in a few sentences: what a person on call wants to know before any table."""

import re

import pytest

from autorouter.core.assigned import Assigned
from autorouter.core.decide import Case, decide
from autorouter.core.fleet import FleetSnapshot, Health, Stage, Tier
from autorouter.core.latency.atlas import Atlas
from autorouter.core.latency.sample import Sample
from autorouter.core.policies import POLICIES
from autorouter.core.spill import Spill
from autorouter.core.story import story
from autorouter.core.units import Instant, Millis, Seconds
from tests.scenes import MODEL, MONTREAL, NEW_YORK, NOW, TORONTO, client, question, region, route

TOR, MTL = region("yto-01", TORONTO), region("yul-01", MONTREAL)


def told(*views, now=NOW, **asked):
    return story(route(*views, **asked), now)


def measured(*views, n, rtt, source, at=0.0):
    """What is told once the path to the first of *views* was measured *n* times."""
    atlas, who = Atlas([view.region for view in views]), client()
    for i in range(n):
        sample = Sample(who.network, views[0].region.name, Millis(rtt), i + 1, Instant(at + i * 60), source)
        atlas.learn(sample, who)
    now = Instant(at + n * 60)
    case = Case(question(who=who), POLICIES["lowest-latency"], atlas.belief(who, now), Spill(Assigned(NOW)), now)
    return story(decide(case, FleetSnapshot(1, now, views), Seconds(60)), Instant(now + 60))


def test_the_nearest_that_is_chosen_needs_two_sentences():
    assert told(TOR, MTL) == (
        "Yto-01 (yto-01) starts answering first: 1.5 ms, all of it round trip (estimated).",
        "It is the nearest, 0 km away.",
    )


def test_a_nearest_that_is_busy_tells_its_queue_and_its_slots():
    busy = region("yto-01", TORONTO, slots=40, busy=38, service=9000.0)
    first, second = told(region("yul-01", MONTREAL, slots=40), busy)
    assert first.startswith("Yul-01 (yul-01) starts answering first: ")
    assert second.startswith("The nearest, Yto-01 (yto-01), is 504 km nearer but costs ")
    assert re.search(r"ms, of which 2 round trip and \d+ queue, 38 of 40 slots taken\.$", second), second


@pytest.mark.parametrize(
    ("nearest", "asked", "why"),
    [
        (region("yto-01", TORONTO, health=Health.DOWN, reason="refused"), {}, "(health): down: refused."),
        (region("yto-01", TORONTO, stage=Stage.MAINTENANCE), {}, "(stage): maintenance in regions.yaml."),
        (region("yto-01", TORONTO), {"exclude": frozenset({"yto-01"})}, "(choice): excluded by the client."),
        (region("yto-01", TORONTO, country="US"), {"residency": frozenset({"CA"})}, "(residency): US is outside CA."),
        (region("yto-01", TORONTO, models=("other",)), {"models": frozenset({MODEL})}, "that can be aimed at."),
    ],
)  # fmt: skip
def test_a_nearest_that_may_not_answer_tells_the_rule_that_stopped_it(nearest, asked, why):
    second = told(nearest, MTL, **asked)[1]
    assert second.startswith("The nearest, Yto-01 (yto-01), is 504 km nearer but is not offered (")
    assert second.endswith(why)


def test_what_is_planned_is_nobodys_nearest():
    assert told(region("yto-01", TORONTO, stage=Stage.PLANNED), MTL)[1] == "It is the nearest, 504 km away."


def test_a_client_that_stays_is_told_what_it_leaves_on_the_table():
    sooner = region("yow-01", TORONTO, busy=3.0, service=20.0)
    second = told(TOR, sooner, previous="yow-01")[1]
    assert second.startswith("Yto-01 (yto-01) would start ")
    assert second.endswith(" ms sooner but is not so much better that a move would pay.")


def test_one_abroad_may_be_sooner_and_is_not_chosen():
    abroad = region("nyc-01", TORONTO, country="US")
    assert told(MTL, abroad)[1].endswith("ms sooner but is abroad.")


def test_one_that_is_full_may_be_sooner_and_is_not_chosen():
    full = region("yto-01", TORONTO, busy=4.5, service=1.0)
    assert told(full, region("yul-01", MONTREAL, slots=40))[1].endswith(
        "ms sooner but is full, with 5 of 4 slots taken."
    )


def test_a_policy_that_looks_elsewhere_says_so():
    lines = told(region("yto-01", TORONTO, busy=2, service=1.0), MTL, policy="most-headroom")
    assert lines[0].startswith("Yul-01 (yul-01) is the choice: ")
    assert lines[1].endswith("ms sooner but has less of what the policy looks at.")


def test_only_what_is_ill_was_left():
    assert told(region("yto-01", TORONTO, health=Health.DEGRADED))[1] == "Only degraded or full regions were left."


def test_a_client_that_is_sent_on_is_told_that_it_was_the_lot():
    full = region("yto-01", TORONTO, slots=4, busy=40.0, service=900.0)
    lines = told(full, region("cloud-1", NEW_YORK, tier=Tier.CLOUD))
    assert lines[1] == "What would suit better is full, and it fell to this client to be sent on."
    assert lines[-1].endswith("(capacity): full: more is asked of all regions together than they have slots for.")


def test_where_nobody_knows_where_the_client_is_there_is_no_nearest():
    first, second = told(TOR, who=client(at=None, country=None))
    assert "a guess: where the client is is not known" in first
    assert second == "Where the client is is not known, so none is the nearest."


def test_no_answer_tells_how_many_each_rule_stopped():
    down = [region(f"r{i}", TORONTO, health=Health.DOWN) for i in range(2)]
    assert told(*down, region("r9", TORONTO, stage=Stage.PLANNED)) == (
        "No region may answer.",
        "Stopped: 2 by health, 1 by stage.",
    )
    assert told() == ("No region may answer.", "There are no regions.")
    assert told(region("yto-01", slots=4, busy=400.0, service=900.0))[0] == "Every region that may answer is full."


@pytest.mark.parametrize(
    ("n", "source", "words"),
    [
        (1, "probe", "(measured once, 2 min ago)"),
        (5, "served", "(measured 5 times, 2 min ago)"),
        (1, "reported", "(reported by the client once, 2 min ago)"),
    ],
)
def test_what_was_measured_says_how_often_and_when(n, source, words):
    assert words in measured(TOR, MTL, n=n, rtt=9.0, source=source)[0]


def test_parts_add_up_to_the_whole():
    busy = region("yul-01", MONTREAL, busy=3, service=900.0, state="cold", loading=4000.0)
    line = told(busy, models=frozenset({MODEL}))[0]
    whole, path, *waits = [float(each) for each in line.replace("(", " ").split() if each.replace(".", "").isdigit()]
    assert len(waits) == 2
    assert whole == path + sum(waits)


def test_what_is_as_soon_is_no_reason_to_talk():
    twins = [region(f"r-{i}", TORONTO, busy=i / 100, service=100.0) for i in range(6)]
    for network in ("203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"):
        lines = told(*twins, who=client(network=network))
        assert lines[0].partition(" (")[2].partition(")")[2].startswith(" starts answering first: ")
        assert len(lines) == 2


def test_a_nearest_that_would_start_sooner_is_told_in_one_sentence():
    full = region("yto-01", TORONTO, busy=4.5, service=1.0)
    (second,) = told(full, region("yul-01", MONTREAL, slots=40))[1:]
    assert second.startswith(
        "The nearest, Yto-01 (yto-01), is 504 km nearer and would start 16.7 ms sooner but is full"
    )
