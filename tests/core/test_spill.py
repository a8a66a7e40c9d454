"""The load that answers have caused is counted, and who is sent on because of it."""

from dataclasses import replace

import pytest

from autorouter.core.assigned import Assigned, Book
from autorouter.core.fleet import FleetSnapshot, Health
from autorouter.core.names import Network, RegionName, RouterName
from autorouter.core.query import Priority
from autorouter.core.rates import USUAL
from autorouter.core.sift import sift
from autorouter.core.spill import EVERY, HEAVIEST, STEP, Spill, drawn
from autorouter.core.units import Instant, Seconds
from tests.scenes import MODEL, NOW, TORONTO, node, question, region

LONGEST = Seconds(66.0)


class Scene:
    """A fleet, its books, and clients that ask."""

    def __init__(self, *views):
        self.fleet = FleetSnapshot(1, NOW, views)
        self.spill = Spill(Assigned(NOW))
        self.now = 0

    def placed(self, name="yto", **query):
        return self.spill.place(self.fleet.by_name[name], question(**query))

    def answer(self, times=1, name="yto", until=60, *, again=False, **query):
        for _ in range(times):
            asked, placed = question(**query), self.placed(name, **query)
            self.spill.enter(RegionName(name), placed, asked, Instant(float(until)), again=again)

    def later(self, now, *views):
        self.fleet = FleetSnapshot(self.fleet.revision + 1, Instant(float(now)), views or self.fleet.regions)
        for second in range(self.now + 1, int(now) + 1):
            self.spill.see(self.fleet, LONGEST, Instant(float(second)))
        self.now = int(now)


def test_an_answer_is_load_before_any_report_shows_it():
    scene = Scene(region("yto", slots=10))
    before = scene.placed().load.taken
    scene.answer(20)
    assert scene.placed().load.taken == pytest.approx(before + 20 * USUAL, abs=STEP)


def test_a_heavy_client_weighs_what_it_says():
    scene = Scene(region("yto", slots=100))
    scene.answer(concurrency=20)
    assert scene.placed().load.taken == pytest.approx(21 * USUAL, abs=STEP)


def test_who_says_that_it_is_heavier_than_can_be_is_not_believed():
    scene = Scene(region("yto", slots=100))
    scene.answer(concurrency=10_000)
    assert scene.placed().load.taken == pytest.approx(HEAVIEST * 100, abs=STEP)


def test_of_a_client_that_was_here_before_the_load_is_in_the_reports_while_the_books_fill_up():
    scene = Scene(region("yto", slots=100, busy=50))
    before = scene.placed().load.taken
    scene.answer(100, again=True)
    assert scene.placed().load.taken == pytest.approx(before, abs=STEP)
    scene.answer(100)
    assert scene.placed().load.taken == pytest.approx(before + 100 * USUAL, abs=STEP)


def test_what_is_cold_is_no_reason_to_send_anybody_away():
    cold = node("n", slots=100, busy=40)
    cold = replace(cold, models={MODEL: replace(cold.models[MODEL], warm=0.1)})
    scene = Scene(region("yto", nodes=[cold]))
    assert scene.placed().full
    offer = sift(scene.fleet, question()).offers[0]
    assert not scene.spill.sent_on(offer, question(), NOW)


def test_what_was_worked_out_is_kept_until_the_load_has_moved_by_half_a_slot():
    scene = Scene(region("yto", slots=10), region("yul", slots=10))
    before, elsewhere = scene.placed(), scene.placed("yul")
    scene.answer(2)
    assert scene.placed() is before
    scene.answer(1)
    assert scene.placed() is not before
    assert scene.placed("yul") is elsewhere


def test_a_node_that_reports_nothing_is_taken_to_have_all_it_was_promised():
    scene = Scene(region("yto", slots=10), region("yul", slots=10, busy=6), region("yvr", slots=10, busy=6))
    for name in ("yto", "yul", "yvr"):
        scene.answer(30, name, until=600)
    scene.later(120)
    assert scene.placed().load.taken == pytest.approx(31 * USUAL, abs=STEP)


def test_a_region_has_no_more_slots_than_its_contract_grants():
    scene = Scene(region("yto", nodes=[node("n", slots=1000)], slots=10))
    assert scene.placed().load.slots == 10
    scene.answer(60)
    assert scene.placed().full


def test_a_client_that_asks_again_is_not_counted_twice():
    scene = Scene(region("yto", slots=10, busy=1))
    scene.answer(5)
    scene.later(60)
    before = scene.placed().load.taken
    scene.spill.leave(scene.fleet.by_name["yto"], question(), Instant(62.0))
    scene.spill.leave(scene.fleet.by_name["yto"], question(), Instant(62.0))
    scene.spill.leave(scene.fleet.by_name["yto"], question(), Instant(62.0))
    assert scene.placed().load.taken < before


def test_a_client_that_was_never_here_takes_nothing_away():
    scene = Scene(region("yto", slots=10))
    scene.spill.leave(scene.fleet.by_name["yto"], question(), NOW)
    assert scene.placed().load.taken == pytest.approx(USUAL)


def test_who_names_a_model_is_load_for_that_model():
    scene = Scene(region("yto", slots=10))
    scene.answer(20, models=frozenset({MODEL}))
    assert scene.placed(models=frozenset({MODEL})).load.taken == pytest.approx(21 * USUAL, abs=STEP)


def test_a_client_is_put_where_there_is_room_behind_the_region():
    nodes = [node("a", slots=4, busy=4, endpoint="https://a"), node("b", slots=4, endpoint="https://b")]
    assert Scene(region("yto", nodes=nodes)).placed().endpoint == "https://b"


class TestSentOn:
    def share(self, *views, of=400, now=0.0, **query):
        scene = Scene(*views)
        sent = 0
        for number in range(of):
            asked = question(**query)
            asked = replace(
                asked, client=replace(asked.client, network=Network(f"10.{number // 256}.{number % 256}.0/24"))
            )
            sent += scene.spill.sent_on(sift(scene.fleet, asked).offers[0], asked, Instant(now))
        return sent / of

    def full(self, taken, slots=100):
        return region("yto", TORONTO, nodes=[node("n", slots=slots, busy=taken)])

    @pytest.mark.parametrize(("taken", "share"), [(50, 0.0), (90, 0.0), (101, 0.5), (110, 1.0), (300, 1.0)])
    def test_ever_more_clients_as_the_load_nears_all_slots(self, taken, share):
        assert self.share(self.full(taken)) == pytest.approx(share, abs=0.06)

    def test_batch_before_conversations(self):
        assert self.share(self.full(90), priority=Priority.BATCH) > 0.9
        assert self.share(self.full(90)) == 0.0

    def test_the_same_clients_for_a_minute_and_others_after(self):
        who = [Network(f"10.0.{number}.0/24") for number in range(200)]

        def below(now):
            return {each for each in who if drawn(each, Instant(now)) < 0.5}

        assert len(below(1000.0) ^ below(1001.0)) < 10
        assert 60 < len(below(1000.0) ^ below(1000.0 + EVERY)) < 140


class TestRates:
    def test_answers_that_cause_nothing_are_no_load(self):
        """Somebody asks for routes a hundred times, to see what happens."""
        scene = Scene(region("yto", slots=10), region("yul", slots=10))
        scene.later(1)
        scene.answer(100, until=60)
        assert scene.placed().load.taken == 0.0
        scene.later(120)
        scene.answer(100, until=180)
        assert scene.placed().load.taken < 2.0

    def test_a_guess_is_believed_as_far_as_the_whole_fleet_bears_it_out(self):
        scene = Scene(region("yto", slots=10), region("yul", slots=10, busy=5))
        scene.later(1)
        scene.answer(20, until=90)
        assert scene.placed().load.taken == pytest.approx(20 * USUAL, abs=STEP)

    def test_load_by_assignment_is_learned_from_what_most_regions_show(self):
        views = [region(name, slots=100, busy=busy) for name, busy in (("yto", 25), ("yul", 25), ("liar", 0))]
        scene = Scene(*views)
        for name in ("yto", "yul", "liar"):
            scene.answer(50, name, until=900)
        scene.later(400)
        assert scene.placed().load.taken == pytest.approx(50 * 0.5, rel=0.1)

    def test_nothing_is_learned_before_an_answer_of_before_the_start_has_lapsed(self):
        scene = Scene(region("yto", slots=100, busy=90))
        scene.answer(3, until=900)
        scene.later(60)
        assert scene.spill._rates.of(MODEL) == USUAL
        scene.later(200)
        assert scene.spill._rates.of(MODEL) == 1.0

    def test_an_endpoint_with_hardly_any_assignments_says_nothing(self):
        scene = Scene(region("yto", slots=100, busy=90))
        scene.answer(1, until=900)
        scene.later(200)
        assert scene.spill._rates.of(MODEL) == USUAL


def test_what_others_promise_counts():
    scene = Scene(region("yto", slots=10), region("yul", slots=10, busy=4))
    book = Book()
    book.enter((scene.placed().endpoint, ""), 20, 60)
    scene.spill.assigned.hear({RouterName("b"): book}, 1)
    scene.later(1)
    assert scene.placed().load.taken > 20 * USUAL


def test_the_load_of_a_region_is_told_where_it_has_any():
    scene = Scene(region("yto", slots=10, busy=2), region("yul", health=Health.DOWN))
    assert scene.spill.load(scene.fleet.by_name["yto"]).taken == 2
    assert scene.spill.load(scene.fleet.by_name["yul"]) is None
