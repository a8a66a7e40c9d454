"""The books of assignments: what is live, what reports cannot show yet, and what other routers have promised."""

import pytest

from autorouter.core.assigned import ANY, GRACE, UNSEEN, Assigned, Book
from autorouter.core.names import RouterName
from autorouter.core.units import Instant

HERE = ("https://yto", ANY)
THERE = ("https://yul", ANY)


def at(seconds):
    return Instant(float(seconds))


def books(*answers, start=0):
    """Assigned, from (where, weight, until)."""
    assigned = Assigned(at(start))
    for where, weight, until in answers:
        assigned.enter(where, weight, at(until))
    return assigned


@pytest.mark.parametrize(
    ("now", "live"),
    [(0, 3), (60, 3), (60 + GRACE, 3), (61 + GRACE, 2), (70 + GRACE, 2), (71 + GRACE, 0)],
)
def test_an_answer_counts_for_as_long_as_it_holds_and_its_grace(now, live):
    assigned = books((HERE, 1, 60), (HERE, 2, 70))
    assigned.turn(at(now))
    assert assigned.live(HERE) == live


def test_an_answer_counts_at_once():
    assert books((HERE, 2, 60)).live(HERE) == 2


def test_totals_are_taken_once_a_second():
    assigned = books((HERE, 1, 60))
    assert [assigned.turn(at(now)) for now in (0.1, 0.5, 1.1, 1.5, 2.1)] == [True, False, True, False, True]


def test_reports_come_to_show_what_was_promised():
    assigned = books((HERE, 10, 600))
    shown = []
    for now in range(1, 101):
        assigned.turn(at(now))
        shown.append(assigned.live(HERE) - assigned.unseen(HERE))
    assert shown == sorted(shown)
    assert shown[round(UNSEEN) - 1] == pytest.approx(10 * (1 - 1 / 2.718281828), rel=0.01)
    assert shown[-1] == pytest.approx(10, abs=0.1)


def test_what_has_lapsed_is_still_in_the_reports_for_a_while():
    assigned = books((HERE, 10, 100))
    for now in range(1, 110):
        assigned.turn(at(now))
    assert assigned.live(HERE) == 0
    assert -10 < assigned.unseen(HERE) < -5
    for now in range(110, 300):
        assigned.turn(at(now))
    assert assigned.unseen(HERE) == 0


class TestLeaving:
    def test_a_client_that_asks_again_after_its_answer_has_lapsed_is_counted_once(self):
        assigned = books((HERE, 2, 60))
        assert assigned.leave(HERE, 2, at(62)) == 2
        assert assigned.live(HERE) == 0

    def test_an_answer_that_still_holds_cannot_be_taken_back(self):
        assigned = books((HERE, 2, 60))
        assert assigned.leave(HERE, 2, at(50)) == 0
        assert assigned.live(HERE) == 2

    def test_what_was_never_promised_cannot_be_taken_back(self):
        assigned = books((HERE, 1, 60))
        assert assigned.leave(THERE, 5, at(60)) == 0
        assert assigned.leave(HERE, 5, at(60)) == 1
        assert assigned.leave(HERE, 5, at(60)) == 0
        assert assigned.live(HERE) == 0


class TestOthers:
    def others(self, **answers):
        said = {}
        for router, weight in answers.items():
            said[RouterName(router)] = Book()
            said[RouterName(router)].enter(HERE, weight, 60)
        return said

    def test_promises_of_all_routers_are_added_up(self):
        assigned = books((HERE, 4, 60))
        assigned.hear(self.others(a=5, b=7), 2)
        assigned.turn(at(1))
        assert assigned.live(HERE) == 16

    def test_a_book_replaces_the_one_before(self):
        assigned = books()
        for weight in (5, 3, 3):
            assigned.hear(self.others(a=weight), 1)
        assigned.turn(at(1))
        assert assigned.live(HERE) == 3

    def test_what_a_dead_router_promised_holds_until_it_lapses(self):
        assigned = books()
        assigned.hear(self.others(dead=5), 0)
        assigned.turn(at(50))
        assert assigned.live(HERE) == 5
        assigned.turn(at(61))
        assert assigned.live(HERE) == 0

    def test_others_are_taken_to_promise_as_we_do_until_they_are_heard_again(self):
        assigned = books((HERE, 10, 60))
        assigned.hear(self.others(a=10, b=10, c=10), 3)
        assigned.turn(at(1))
        assigned.enter(HERE, 1, at(60))
        assert 43 < assigned.live(HERE) <= 44
        assigned.turn(at(2))
        assert 43 < assigned.live(HERE) <= 44
        assigned.hear(self.others(a=11, b=11, c=11), 3)
        assigned.turn(at(3))
        assert assigned.live(HERE) == 44

    def test_those_who_died_are_not_taken_to_promise_more(self):
        assigned = books((HERE, 10, 60))
        assigned.hear(self.others(a=10), 0)
        assigned.turn(at(1))
        assigned.enter(HERE, 1, at(60))
        assert assigned.live(HERE) == 21


class TestOutage:
    """The others cannot be heard."""

    def scene(self, seconds):
        """Four routers that promise alike, one answer a second each for a minute; then nobody is heard."""
        assigned, theirs = Assigned(at(0)), [Book() for _ in range(3)]
        for now in range(seconds):
            for book in theirs if now < 120 else ():
                book.enter(HERE, 1, now + 65)
            assigned.enter(HERE, 1, at(now + 60))
            if now < 120:
                assigned.hear({RouterName(str(n)): book for n, book in enumerate(theirs)}, 3)
            assigned.turn(at(now))
        return assigned

    @pytest.mark.parametrize("seconds", [120, 150, 200, 400, 3000])
    def test_they_are_taken_to_promise_on_as_we_do_however_long(self, seconds):
        assert self.scene(seconds).live(HERE) == pytest.approx(4 * 66, rel=0.06)

    def test_when_they_are_heard_for_the_first_time_their_load_is_in_the_reports_already(self):
        assigned = Assigned(at(0))
        for now in range(120):
            assigned.enter(HERE, 1, at(now + 60))
            assigned.turn(at(now))
        unseen, live = assigned.unseen(HERE), assigned.live(HERE)
        theirs = Book()
        theirs.enter(HERE, 3 * live, 185)
        theirs.enter(THERE, 7, 185)
        assigned.hear({RouterName("b"): theirs}, 1)
        assigned.turn(at(120))
        assert assigned.live(HERE) == pytest.approx(4 * live, rel=0.05)
        assert assigned.unseen(HERE) == pytest.approx(4 * unseen, abs=3.0)
        assert assigned.unseen(THERE) == 0.0
        assert assigned.grown == pytest.approx(4.0, rel=0.1)
        assigned.turn(at(121))
        assert assigned.grown == 1.0


@pytest.mark.parametrize("theirs", [0, 5])
def test_books_that_lapse_as_another_router_is_heard_say_nothing_of_how_many_there_are(theirs):
    assigned, book = books((HERE, 3, 60)), Book()
    book.enter(HERE, theirs, 400)
    assigned.turn(at(1))
    assigned.hear({RouterName("b"): book} if theirs else {}, 1)
    assigned.turn(at(300))
    assert assigned.grown == pytest.approx(theirs / 3 if theirs else 1.0)


def test_what_is_in_the_reports_already_is_not_unseen():
    assigned = books()
    assigned.enter(HERE, 5, at(60), shown=True)
    assert (assigned.live(HERE), assigned.unseen(HERE)) == (5, 0)


def test_a_book_forgets_what_lapsed():
    book = Book()
    book.enter(HERE, 1, 5)
    book.enter(THERE, 1, 9)
    book.turn(6)
    assert book.cells == {THERE: {9: 1}}
