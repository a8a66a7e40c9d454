"""The laws of admission, over every short history."""

from hypothesis import given
from hypothesis import strategies as st

from node_agent.core.admission import Guest, Limits, Line, Ticket, Verdict, ahead, arrive, leave, next_in
from node_agent.core.claim import Claim, Priority
from node_agent.core.units import Seconds

limits = st.builds(Limits, st.sampled_from([1, 2, 3]), st.sampled_from([0, 1, 2]), st.just(Seconds(1.0)))
claims = st.builds(Claim, st.sampled_from(["", "a", "b"]), st.sampled_from(Priority))
arrivals = claims | st.just(Claim())
histories = st.lists(st.sampled_from([-1, -2, -3]) | arrivals | arrivals, max_size=25)
"""A claim arrives; -n: the n-th of those inside leaves."""
alike = st.lists(st.sampled_from([-1, -2, -3]) | st.just(Claim()) | st.just(Claim()), max_size=25)
"""All of one key and of one urgency."""


def inside(line):
    return [*sorted(line.busy), *line.queue]


def live(bounds, history):
    """Every state and event of a history, with what came of it."""
    line, number = Line(), 0
    for event in history:
        before = line
        if isinstance(event, Claim):
            number += 1
            arrival = arrive(line, bounds, Guest(Ticket(number), event))
            line = arrival.line
            yield before, ("arrive", Guest(Ticket(number), event), arrival), line
        elif len(inside(line)) >= -event:
            guest = inside(line)[event]
            line, admitted = leave(line, bounds, guest.ticket)
            yield before, ("leave", guest, admitted), line


@given(limits, histories)
def test_no_limit_is_ever_passed(bounds, history):
    for _, _, line in live(bounds, history):
        assert len(line.busy) <= bounds.slots
        assert len(line.queue) <= bounds.queue


@given(limits, histories)
def test_nobody_waits_beside_a_free_slot(bounds, history):
    for _, _, line in live(bounds, history):
        assert not line.queue or len(line.busy) == bounds.slots


@given(limits, alike)
def test_among_equals_it_is_first_come_first_served_and_nobody_is_pushed_out(bounds, history):
    for _, (kind, _, result), line in live(bounds, history):
        assert kind == "leave" or result.pushed_out is None
        assert list(line.queue) == sorted(line.queue)
        assert all(served < waits for served in line.busy for waits in line.queue)


@given(limits, histories)
def test_only_a_full_node_sheds_and_shedding_changes_nothing(bounds, history):
    for before, (kind, _, verdict), line in live(bounds, history):
        if kind == "arrive" and verdict.verdict is Verdict.SHED:
            assert line == before
            assert (len(before.busy), len(before.queue)) == (bounds.slots, bounds.queue)


@given(limits, histories)
def test_nobody_is_lost_and_nobody_is_doubled(bounds, history):
    for before, (kind, guest, result), line in live(bounds, history):
        came = {guest} if kind == "arrive" and result.verdict is not Verdict.SHED else set()
        went = {guest} if kind == "leave" else {result.pushed_out}
        assert sorted(inside(line)) == sorted((set(inside(before)) | came) - went)
        assert len(inside(line)) == len(set(inside(line)))


@given(limits, histories)
def test_who_is_admitted_by_a_leave_is_told_and_holds_a_slot(bounds, history):
    for before, (kind, _, result), line in live(bounds, history):
        if kind == "leave":
            assert set(result) == {guest.ticket for guest in line.busy - before.busy}


def test_a_stranger_who_leaves_changes_nothing():
    line = arrive(Line(), Limits(1, 1, Seconds(1.0)), Guest(Ticket(1))).line
    assert leave(line, Limits(1, 1, Seconds(1.0)), Ticket(9)) == (line, ())


@given(limits, limits, histories)
def test_fewer_slots_send_nobody_away_and_more_let_in_who_waits(first, then, history):
    *_, (_, _, line) = [(None, None, Line()), *live(first, history)]
    after, admitted = leave(line, then, Ticket(0))
    assert line.busy <= after.busy
    assert len(after.busy) <= max(len(line.busy), then.slots)
    assert not after.queue or len(after.busy) >= then.slots
    assert {*admitted, *(guest.ticket for guest in after.queue)} == {guest.ticket for guest in line.queue}


def crowd(*claims, slots=1, queue=9):
    """The line after *claims* came, in this order."""
    line = Line()
    for number, claim in enumerate(claims, 1):
        line = arrive(line, Limits(slots, queue, Seconds(1.0)), Guest(Ticket(number), claim)).line
    return line


def order(line, slots=1):
    """Whose turn it is, one after another, as those who are served leave."""
    while line.busy:
        yield (first := min(line.busy)).claim
        line, _ = leave(line, Limits(slots, 9, Seconds(1.0)), first.ticket)


A, B, LATER = Claim("a"), Claim("b"), Claim("c", Priority.BATCH)


def test_keys_take_turns_however_many_of_one_wait():
    assert list(order(crowd(A, A, A, A, B, B))) == [A, B, A, B, A, A]


def test_whoever_holds_fewer_slots_is_next():
    assert next_in(crowd(A, A, B, A, B, slots=3)).claim == B


def test_the_urgent_go_first():
    assert list(order(crowd(A, LATER, LATER, B))) == [A, B, LATER, LATER]


def test_the_urgent_push_the_others_out_of_a_full_queue_the_last_first():
    line = crowd(A, LATER, LATER, queue=2)
    arrival = arrive(line, Limits(1, 2, Seconds(1.0)), Guest(Ticket(9), B))
    assert (arrival.verdict, arrival.pushed_out.ticket) == (Verdict.QUEUE, 3)
    assert (
        arrive(crowd(A, B, B, queue=2), Limits(1, 2, Seconds(1.0)), Guest(Ticket(9), LATER)).verdict is Verdict.SHED
    )


def test_a_key_with_little_pushes_out_one_with_much_and_then_it_is_even():
    limits = Limits(1, 3, Seconds(1.0))
    first = arrive(crowd(A, A, A, A, queue=3), limits, Guest(Ticket(8), B))
    assert first.pushed_out.ticket == 4
    assert arrive(first.line, limits, Guest(Ticket(9), B)).verdict is Verdict.SHED


@given(limits, histories, claims)
def test_who_pushes_out_is_more_urgent_or_has_less(bounds, history, claim):
    *_, (_, _, line) = [(None, None, Line()), *live(bounds, history)]
    arrival = arrive(line, bounds, Guest(Ticket(99), claim))
    if arrival.pushed_out is not None:
        mine, theirs = (
            sum(guest.caller == name for guest in line.queue) for name in (claim.caller, arrival.pushed_out.caller)
        )
        assert arrival.pushed_out.urgency > Guest(Ticket(99), claim).urgency or theirs > mine + 1


@given(limits, histories)
def test_turns_are_kept_of_those_who_are_here_alone(bounds, history):
    for _, (kind, _, _), line in live(bounds, history):
        if kind == "leave":
            assert set(line.turns) <= {guest.caller for guest in inside(line)}


def test_those_ahead_are_the_more_urgent_ones_own_and_as_many_of_others():
    line = crowd(A, A, A, B, B, B, LATER)
    assert [ahead(line, Guest(Ticket(9), claim)) for claim in (A, B, Claim("d"), LATER)] == [4, 5, 0, 6]
