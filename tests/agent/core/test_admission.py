"""The laws of admission, over every short history."""

from hypothesis import given
from hypothesis import strategies as st

from node_agent.core.admission import Limits, Line, Ticket, Verdict, arrive, leave
from node_agent.core.units import Seconds

limits = st.builds(Limits, st.sampled_from([1, 2, 3]), st.sampled_from([0, 1, 2]), st.just(Seconds(1.0)))
histories = st.lists(st.sampled_from([-1, -2, -3, 0, 0, 0]), max_size=25)
"""0: somebody arrives; -n: the n-th of those inside leaves."""


def inside(line):
    return [*sorted(line.busy), *line.queue]


def live(bounds, history):
    """Every state and event of a history, with what came of it."""
    line, number = Line(), 0
    for event in history:
        before = line
        if event == 0:
            number += 1
            line, verdict = arrive(line, bounds, Ticket(number))
            yield before, ("arrive", Ticket(number), verdict), line
        elif len(inside(line)) >= -event:
            ticket = inside(line)[event]
            line, admitted = leave(line, bounds, ticket)
            yield before, ("leave", ticket, admitted), line


@given(limits, histories)
def test_no_limit_is_ever_passed(bounds, history):
    for _, _, line in live(bounds, history):
        assert len(line.busy) <= bounds.slots
        assert len(line.queue) <= bounds.queue


@given(limits, histories)
def test_nobody_waits_beside_a_free_slot(bounds, history):
    for _, _, line in live(bounds, history):
        assert not line.queue or len(line.busy) == bounds.slots


@given(limits, histories)
def test_the_queue_is_first_come_first_served(bounds, history):
    for _, _, line in live(bounds, history):
        assert list(line.queue) == sorted(line.queue)
        assert all(served < waits for served in line.busy for waits in line.queue)


@given(limits, histories)
def test_only_a_full_node_sheds_and_shedding_changes_nothing(bounds, history):
    for before, (kind, _, verdict), line in live(bounds, history):
        if kind == "arrive" and verdict is Verdict.SHED:
            assert line == before
            assert (len(before.busy), len(before.queue)) == (bounds.slots, bounds.queue)


@given(limits, histories)
def test_nobody_is_lost_and_nobody_is_doubled(bounds, history):
    for before, (kind, ticket, result), line in live(bounds, history):
        came = {ticket} if kind == "arrive" and result is not Verdict.SHED else set()
        went = {ticket} if kind == "leave" else set()
        assert sorted(inside(line)) == sorted((set(inside(before)) | came) - went)
        assert len(inside(line)) == len(set(inside(line)))


@given(limits, histories)
def test_who_is_admitted_by_a_leave_is_told_and_holds_a_slot(bounds, history):
    for before, (kind, _, result), line in live(bounds, history):
        if kind == "leave":
            assert set(result) == line.busy - before.busy


def test_a_stranger_who_leaves_changes_nothing():
    line, _ = arrive(Line(), Limits(1, 1, Seconds(1.0)), Ticket(1))
    assert leave(line, Limits(1, 1, Seconds(1.0)), Ticket(9)) == (line, ())


@given(limits, limits, histories)
def test_fewer_slots_send_nobody_away_and_more_let_in_who_waits(first, then, history):
    *_, (_, _, line) = [(None, None, Line()), *live(first, history)]
    after, admitted = leave(line, then, Ticket(0))
    assert line.busy <= after.busy
    assert len(after.busy) <= max(len(line.busy), then.slots)
    assert not after.queue or len(after.busy) >= then.slots
    assert (*admitted, *after.queue) == line.queue
