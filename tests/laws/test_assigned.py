"""No order of answers, expiries, deaths, restarts and lost messages makes a count wrong, or negative."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from autorouter.core.assigned import ANY, CELL, GRACE, Assigned, Book
from autorouter.core.names import RouterName
from autorouter.core.units import Instant

PLACES = [("https://yto", ANY), ("https://yul", ANY)]
ROUTERS = ["a", "b", "c"]

places, routers = st.sampled_from(PLACES), st.sampled_from(ROUTERS)
weights, ttls = st.sampled_from([1, 2, 30]), st.sampled_from([1, 10, 60])


@dataclass
class Answer:
    router: str
    where: tuple
    weight: float
    lapses: int


class Routers(RuleBasedStateMachine):
    """Three routers that answer, show each other their books, lose some, die and start anew, against a plain list."""

    def __init__(self):
        super().__init__()
        self.now, self.answers, self.shown = 0.0, [], {}
        self.live = {name: Assigned(Instant(0.0)) for name in ROUTERS}

    @rule(name=routers, where=places, weight=weights, ttl=ttls)
    def answer(self, name, where, weight, ttl):
        self.live[name].enter(where, weight, Instant(self.now + ttl))
        self.answers.append(Answer(name, where, weight, int((self.now + ttl + GRACE) // CELL)))

    @rule(name=routers, where=places, weight=weights)
    def ask_again(self, name, where, weight):
        left = self.live[name].leave(where, weight, Instant(self.now))
        lapsing = range(int(self.now // CELL), int((self.now + GRACE) // CELL) + 1)
        for each in sorted(self.answers, key=lambda each: each.lapses):
            if (each.router, each.where) == (name, where) and each.lapses in lapsing:
                taken = min(left, each.weight)
                each.weight -= taken
                left -= taken
        assert left == 0

    @rule(seconds=st.sampled_from([0.3, 1.0, 7.0, 61.0]))
    def time_goes_by(self, seconds):
        self.now += seconds
        for each in self.live.values():
            each.turn(Instant(self.now))

    @rule(name=routers)
    def show(self, name):
        self.shown[name] = Book({where: dict(cells) for where, cells in self.live[name].own.cells.items()})

    @rule(name=routers, lost=st.sampled_from([None, *ROUTERS]))
    def hear(self, name, lost):
        heard = {RouterName(each): book for each, book in self.shown.items() if each not in (name, lost)}
        self.live[name].hear(heard, len(heard))

    @rule(name=routers)
    def restart(self, name):
        """A new life under a new name would keep the old book until it lapses; the same name starts empty."""
        self.live[name] = Assigned(Instant(self.now))
        self.answers = [each for each in self.answers if each.router != name]

    @invariant()
    def own_counts_are_the_answers_that_are_live(self):
        present = int(self.now // CELL)
        for name, assigned in self.live.items():
            told = assigned.own.totals(present)
            for where in PLACES:
                due = (each for each in self.answers if (each.router, each.where) == (name, where))
                assert told.get(where, 0.0) == sum(each.weight for each in due if each.lapses >= present)

    @invariant()
    def nothing_is_negative(self):
        assert all(assigned.live(where) >= 0.0 for assigned in self.live.values() for where in PLACES)


TestRouters = Routers.TestCase


@given(st.lists(st.tuples(routers, places, weights, ttls), max_size=20))
def test_once_all_books_are_heard_every_router_counts_the_same(answers):
    live = {name: Assigned(Instant(0.0)) for name in ROUTERS}
    for name, where, weight, ttl in answers:
        live[name].enter(where, weight, Instant(float(ttl)))
    for name, assigned in live.items():
        assigned.hear({RouterName(each): live[each].own for each in ROUTERS if each != name}, 2)
        assigned.turn(Instant(1.0))
    for where in PLACES:
        due = sum(weight for _, there, weight, ttl in answers if there == where)
        assert {assigned.live(where) for assigned in live.values()} == {due}


@given(st.lists(st.tuples(places, weights, ttls), max_size=20), st.integers(1, 90))
def test_however_often_totals_are_taken_they_are_the_same(answers, seconds):
    often, once = Assigned(Instant(0.0)), Assigned(Instant(0.0))
    for where, weight, ttl in answers:
        often.enter(where, weight, Instant(float(ttl)))
        once.enter(where, weight, Instant(float(ttl)))
    for now in range(1, seconds + 1):
        often.turn(Instant(float(now)))
    once.turn(Instant(float(seconds)))
    assert [often.live(where) for where in PLACES] == [once.live(where) for where in PLACES]
