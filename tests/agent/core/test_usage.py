"""What was used: sums, costs, budgets, and the laws of the cursor and of the journal."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_agent.core.account import Account, Outcome
from node_agent.core.calendar import DAY, HOUR, day_of, hour_of, month_of
from node_agent.core.chat import Finish, Piece, Prompt
from node_agent.core.delivery import Sent, billable, due, part
from node_agent.core.embedding import Vectors
from node_agent.core.hearing import Heard, Segment
from node_agent.core.models import ModelName, Price
from node_agent.core.speech import Sound, Speech
from node_agent.core.task import Usage
from node_agent.core.units import Seconds
from node_agent.core.usage import NANO, NOTHING, NanoDollars, Place, Row, Sums, Usages, cost, summed

NOON = 1_795_608_000
"""25 November 2026, 12:00 UTC."""
EVERYTHING = 1_000_000
M = ModelName("m")


def place(start=NOON, key="acme", model="m"):
    return Place(hour_of(start), "yto-01", key, model)


def sums(dollars=1, requests=1):
    return Sums(requests, 10, 5, cost=NanoDollars(dollars * NANO))


@pytest.mark.parametrize(
    ("usage", "dollars"),
    [
        (Usage(prompt=1_000_000), 3.0),
        (Usage(answer=1_000_000), 5.0),
        (Usage(characters=1_000_000), 7.0),
        (Usage(heard=Seconds(60.0)), 11.0),
        (Usage(), 0.0),
    ],
)
def test_each_unit_has_its_price(usage, dollars):
    assert cost(usage, Price(3.0, 5.0, 11.0, 7.0)) == dollars * NANO


def test_the_sums_of_one_request():
    usage = Usage(prompt=3, answer=4, heard=Seconds(1.5), characters=5)
    assert summed(usage, Price(), Seconds(0.25)) == Sums(1, 3, 4, 1500, 5, 250)


def test_a_budget_is_spent_month_by_month_and_in_all():
    usages = Usages()
    usages.add(place(NOON), sums(2))
    usages.add(place(NOON + 10 * DAY), sums(3))
    usages.add(place(NOON, key="other"), sums(100))
    assert usages.spent("acme", NOON) == 2 * NANO
    assert usages.spent("acme", NOON + 10 * DAY) == 3 * NANO
    assert usages.spent("acme") == 5 * NANO
    assert usages.spent("nobody") == 0


def test_hours_that_are_too_many_become_days_and_nothing_is_lost():
    usages = Usages(most=2)
    for hour in range(5):
        usages.add(place(NOON + hour * HOUR), sums(1))
    rows = list(usages)
    assert [(row.place.start, row.sums.requests, row.change) for row in rows] == [
        (day_of(NOON), 3, 0),
        (NOON + 3 * HOUR, 1, 4),
        (NOON + 4 * HOUR, 1, 5),
    ]
    assert usages.spent("acme") == 5 * NANO


def test_days_that_are_too_many_go():
    usages = Usages(most=1)
    for day in range(4):
        usages.add(place(NOON + day * DAY), sums(1))
    assert [row.place.start for row in usages.kept()] == [day_of(NOON) + 2 * DAY, NOON + 3 * DAY]
    assert usages.spent("acme") == 4 * NANO


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("ab"), st.integers(0, 3)), max_size=30), st.integers(1, 3)
)
def test_a_budget_outlives_every_restart_and_the_days_it_was_spent_on(history, most):
    usages, truth = Usages(most=most), defaultdict(int)
    for day, key, dollars in history:
        usages.add(place(NOON + day * DAY, key=key), sums(dollars))
        truth[key, None] += dollars * NANO
        truth[key, month_of(NOON + day * DAY)] += dollars * NANO
        usages = again(usages, most)
    for key in "ab":
        for unix in (None, NOON, NOON + 10 * DAY, NOON + 40 * DAY):
            assert usages.spent(key, unix) == truth[key, None if unix is None else month_of(unix)]
    assert len(list(usages.kept())) <= 2 * most


def again(usages, most):
    """The same after a restart."""
    restored = Usages(most=most)
    for row in usages:
        restored.restore(row)
    assert list(restored) == list(usages)
    return restored


def test_what_is_told_again_after_a_restart_is_what_was_not_told_before():
    before = Usages(1000)
    rows = [before.add(place(NOON + hour * HOUR), sums()) for hour in range(3)]
    _, cursor = before.since(0, 2)
    after = Usages(500)
    for row in rows:
        after.restore(row)
    assert [row.place.start for row in after.since(cursor, EVERYTHING)[0]] == [NOON + 2 * HOUR]


ADD = st.tuples(st.just("add"), st.sampled_from([0, 1, 2]), st.sampled_from(["a", "b"]))
READ = st.tuples(st.just("read"), st.sampled_from([0, 1]), st.just(""))
AGAIN = st.tuples(st.just("again"), st.just(0), st.just(""))
FORGET = st.tuples(st.just("forget"), st.sampled_from([0, 1]), st.just(""))


class Reader:
    """A router that keeps, of each hour, what it was told last."""

    def __init__(self):
        self.cursor, self.told = 0, {}

    def read(self, usages, page):
        rows, self.cursor = usages.since(self.cursor, page)
        assert len(rows) <= page
        for row in rows:
            self.told[row.place] = row.sums
        return rows


@given(
    st.lists(st.one_of(ADD, READ, AGAIN, FORGET), max_size=40), st.sampled_from([1, 2, 64]), st.sampled_from([0, 7])
)
def test_whoever_follows_the_cursor_knows_every_sum_once_whatever_restarts(history, page, leap):
    """The node starts again from what it wrote down; a router loses its cursor, but not what it was told."""
    start, lines, truth = 0, [], defaultdict(lambda: NOTHING)
    usages, readers = Usages(start), [Reader(), Reader()]
    for kind, number, key in history:
        if kind == "add":
            where = place(NOON + number * HOUR, key=key)
            lines.append(usages.add(where, sums(number)))
            truth[where] += sums(number)
        elif kind == "read":
            readers[number].read(usages, page)
        elif kind == "forget":
            readers[number].cursor = 0
        else:
            start += leap
            usages = Usages(start)
            for line in lines:
                usages.restore(line)
    for reader in readers:
        while reader.read(usages, page):
            pass
        assert reader.told == dict(truth)


def account(outcome=Outcome.OK, usage=None, delivered=None, *, finished=False):
    return Account(M, "acme", outcome, Seconds(0.0), usage=usage, delivered=delivered or Usage(), finished=finished)


FREE = set(Outcome) - {Outcome.OK, Outcome.CANCELLED}
WHOLE, PARTS = Usage(prompt=9, answer=4), Usage(answer=2)


@pytest.mark.parametrize(
    ("told", "sent", "billed"),
    [
        (account(usage=WHOLE, delivered=PARTS, finished=True), Sent.WHOLE, WHOLE),
        (account(usage=WHOLE, delivered=PARTS, finished=True), Sent.NOT, None),
        (account(usage=WHOLE, delivered=PARTS, finished=True), Sent.STREAMED, WHOLE),
        (account(Outcome.CANCELLED, delivered=PARTS), Sent.STREAMED, PARTS),
        (account(Outcome.CANCELLED, usage=WHOLE, delivered=PARTS), Sent.STREAMED, PARTS),
        (account(Outcome.CANCELLED, delivered=Usage()), Sent.STREAMED, None),
        (account(Outcome.CANCELLED, delivered=PARTS), Sent.NOT, None),
        *(
            (account(outcome, delivered=PARTS), Sent.STREAMED, None)
            for outcome in Outcome
            if outcome not in {"ok", "cancelled"}
        ),
    ],
)
def test_only_what_was_delivered_is_billed(told, sent, billed):
    assert due(told, sent) == billed


@pytest.mark.parametrize(
    ("step", "usage"),
    [
        (Piece("word"), Usage(answer=1)),
        (Piece(""), Usage()),
        (Piece("", Finish.STOP, WHOLE), Usage()),
        (Sound(b"\0" * 48_000), Usage(spoken=Seconds(1.0))),
        (Heard(Segment("x", Seconds(1.0), Seconds(2.5))), Usage(heard=Seconds(1.5))),
        (Heard(None, usage=Usage()), Usage()),
        (Vectors(((1.0,),), Usage(prompt=3)), Usage()),
    ],
)
def test_a_part_of_an_answer_is_counted_as_far_as_it_can_be(step, usage):
    assert part(step) == usage


def test_what_was_heard_of_a_speech_is_letters_at_its_own_speed_and_never_more_than_there_are():
    def letters(text, seconds, speed=1.0):
        return billable(Speech(M, text, "voice", speed), Usage(spoken=Seconds(seconds))).characters

    assert letters("x" * 100, 2.0) == 30
    assert letters("x" * 100, 2.0, speed=0.5) == 15
    assert letters("x" * 20, 2.0) == 20
    assert billable(Prompt(M, ()), PARTS) == PARTS


def test_a_day_that_is_restored_is_not_handed_over():
    usages = Usages()
    usages.restore(Row(place(), sums()))
    assert usages.since(0, EVERYTHING) == ((), 0)
    assert usages.spent("acme") == NANO
