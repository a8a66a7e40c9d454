"""The books of assignments: load that answers have promised, and that no report may have seen yet.

An answer that holds for a minute sends a client somewhere for a minute. It is entered once, with its weight, in the
cell of time in which it lapses, and never taken out: what is live is the sum of the cells that are still to come. So
there is nothing to forget on the way: no order of answers, deaths or lost messages makes a count wrong or negative.

Routers show each other their books whole (`Book`), and what a later one says replaces what an earlier one said. What
the others have promised since is guessed from what this router itself has.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import exp
from typing import NamedTuple

from autorouter.core.capacity import SMOOTHED
from autorouter.core.names import ModelName, RouterName
from autorouter.core.units import Instant, Seconds

CELL = Seconds(1.0)
"""Width of a cell. An answer counts for up to this much too long, of 65 s."""

GRACE = Seconds(5.0)
"""How long a client may stay beyond its answer: it asks again with its next request, not by the clock."""

UNSEEN = Seconds(SMOOTHED + 1.0)
"""Reports are smoothed over `SMOOTHED` and are about a second old when they are read, so they show what was promised
late. The books smoothed alike and taken from the books as they are leave what the reports lack, no more and no less.
Against the plain difference to six seconds ago, which knows nothing of the smoothing, the longest wait of a hundred
fell from 128 to 105 ms at 80 % load."""

TURN = Seconds(1.0)
"""How often totals are taken."""

LEAST = 1e-3
"""What is left of a smoothed count when it is forgotten."""

Where = tuple[str, ModelName]
"""An endpoint and a model asked for; the model ``""`` for who names none."""

Cells = dict[int, float]
"""Weights by the number of the cell in which they lapse."""

ANY = ModelName("")


@dataclass(slots=True)
class Book:
    """What one router has promised."""

    cells: dict[Where, Cells] = field(default_factory=dict)

    def enter(self, where: Where, weight: float, lapses: int) -> None:
        """Count *weight* until the cell *lapses* is over."""
        cells = self.cells.setdefault(where, {})
        cells[lapses] = cells.get(lapses, 0.0) + weight

    def leave(self, where: Where, weight: float, cells: range) -> float:
        """Take up to *weight* out of *cells*, the earliest first; how much that was."""
        there, left = self.cells.get(where, {}), weight
        for number in cells:
            taken = min(left, there.get(number, 0.0))
            if taken:
                there[number] -= taken
                left -= taken
        return weight - left

    def turn(self, present: int) -> None:
        """Forget what lapsed before the cell *present*."""
        for where, cells in list(self.cells.items()):
            for lapsed in [number for number in cells if number < present]:
                del cells[lapsed]
            if not cells:
                del self.cells[where]

    def copy(self) -> "Book":
        """The book as it is now."""
        return Book({where: dict(cells) for where, cells in self.cells.items()})

    def totals(self, present: int) -> dict[Where, float]:
        """What is live in the cell *present*."""
        return {
            where: sum(weight for number, weight in cells.items() if number >= present)
            for where, cells in self.cells.items()
        }


class Shown(NamedTuple):
    """The book that a router has shown, and when."""

    book: Book
    at: Instant


class Assigned:
    """What all routers have promised, as far as this one knows. *start* is when it began to count."""

    def __init__(self, start: Instant) -> None:
        self.own = Book()
        self.start = start
        self._peers: Mapping[RouterName, Book] = {}
        self._alive = 0
        self._live: dict[Where, float] = {}
        self._since = Book()
        """Own, since the peers were last heard."""
        self._factor: dict[Where, float] = {}
        self._news = True
        self._joined = False
        self._seen: dict[Where, float] = {}
        self._turned: Instant | None = None
        self.grown = 1.0
        """By how much the books grew because another router was heard, and not because anybody came."""

    def enter(self, where: Where, weight: float, until: Instant, *, shown: bool = False) -> None:
        """Count one more answer that holds until *until*; *shown* if its load is in the reports already."""
        lapses = int((until + GRACE) / CELL)
        self.own.enter(where, weight, lapses)
        self._since.enter(where, weight, lapses)
        counted = weight * self._factor.get(where, 1.0 + self._alive)
        self._live[where] = self._live.get(where, 0.0) + counted
        if shown:
            self._seen[where] = self._seen.get(where, 0.0) + counted

    def leave(self, where: Where, weight: float, now: Instant) -> float:
        """Count less of what has lapsed and is still in its grace, for one of those clients has asked again.

        Nothing else can be taken back, so nobody can talk a region empty.
        """
        left = self.own.leave(where, weight, range(int(now // CELL), int((now + GRACE) // CELL) + 1))
        if left:
            self._live[where] -= left
        return left

    def live(self, where: Where) -> float:
        """Assigned weight that is live, of all routers."""
        return self._live.get(where, 0.0)

    def unseen(self, where: Where) -> float:
        """What of it reports cannot show yet; negative where they still show what has lapsed."""
        return self.live(where) - self._seen.get(where, 0.0)

    def hear(self, books: Mapping[RouterName, Book], alive: int) -> None:
        """Take *books* for all that other routers have promised, in place of what was heard before.

        *alive* of them go on promising; those that died left answers that still hold. While nobody can be heard the
        others are taken to promise on, as much for each answer of ours as they did.
        """
        self._joined = self._joined or alive > self._alive
        self._peers, self._alive, self._news = books, alive, True
        self._since = Book()

    def turn(self, now: Instant) -> bool:
        """Let what has lapsed go, if it is time to; whether it was."""
        before = self.start if self._turned is None else self._turned
        if self._turned is not None and now - before < TURN:
            return False
        weight, self.grown = 1.0 - exp(-(now - before) / UNSEEN), 1.0
        self._turned, present = now, int(now // CELL)
        self.own.turn(present)
        self._count(present)
        self._seen = {where: seen for where in self._live | self._seen if (seen := self._next(where, weight)) > LEAST}
        return True

    def _next(self, where: Where, weight: float) -> float:
        """What reports show of *where* by now."""
        before = self._seen.get(where, 0.0)
        return before + weight * (self._live.get(where, 0.0) - before)

    def _count(self, present: int) -> None:
        """Totals anew, from the cells alone: nothing is carried on, so nothing can drift."""
        self._since.turn(present)
        own, seen = self.own.totals(present), _sum(book.totals(present) for book in self._peers.values())
        if self._news:
            self._factor = {each: 1.0 + self._others(own.get(each, 0.0), seen.get(each, 0.0)) for each in own | seen}
        since = self._since.totals(present).items()
        guessed = {each: weight * (self._factor.get(each, 1.0 + self._alive) - 1.0) for each, weight in since}
        before, self._live = self._live, _sum((own, seen, guessed))
        if self._joined:
            self._rescale(before)
        self._news = self._joined = False

    def _rescale(self, before: Mapping[Where, float]) -> None:
        """Another router is heard: what it has promised is new to us, and not to the reports."""
        grown = {where: live / before[where] for where, live in self._live.items() if before.get(where)}
        self._seen = {where: self._seen.get(where, 0.0) * grown[where] if where in grown else live
                      for where, live in self._live.items()}  # fmt: skip
        known, told = sum(before.values()), sum(self._live.values())
        self.grown = told / known if min(known, told) > LEAST else 1.0

    def _others(self, own: float, seen: float) -> float:
        """What others promise while we promise one: as until now, and where nobody has yet each as much as we."""
        return min(float(self._alive), (seen + self._alive) / (own + 1.0))


def _sum(totals: Iterable[Mapping[Where, float]]) -> dict[Where, float]:
    found: dict[Where, float] = {}
    for each in totals:
        for where, weight in each.items():
            found[where] = found.get(where, 0.0) + weight
    return found
