"""What was used, by whom, of what, in which hour: sums of what was delivered.

Every change has a number, as in `core.rtts`. A reader keeps the number of the last change that it was handed and asks
for those after it; it is handed the whole hour anew and puts it in the place of what it had. So what is handed over
twice is not counted twice, and nothing is remembered of readers.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain, takewhile
from operator import attrgetter
from typing import NamedTuple, NewType

from node_agent.core.calendar import day_of, month_of
from node_agent.core.models import Price
from node_agent.core.task import Usage
from node_agent.core.units import Seconds, millis

NanoDollars = NewType("NanoDollars", int)
"""Billionths of a US dollar: whole numbers, so that sums are exact whatever the order."""

NANO = 1_000_000_000
MILLION = 1_000_000
MINUTE = 60.0

MOST_ROWS = 16_384
"""Hours kept, and days: of ten keys that each use two models, a month by the hour and two years by the day; 8 MB
each. Of a day beyond that its cost is kept, by key and month."""


def cost(usage: Usage, price: Price) -> NanoDollars:
    """What *usage* costs.

    >>> cost(Usage(prompt=1000, answer=10), Price(prompt=0.1, answer=0.4))
    104000
    >>> cost(Usage(heard=Seconds(90.0)), Price(heard=0.006))
    9000000
    """
    tokens = usage.prompt * price.prompt + usage.answer * price.answer + usage.characters * price.characters
    return NanoDollars(round(NANO * (tokens / MILLION + usage.heard / MINUTE * price.heard)))


class Place(NamedTuple):
    """What is summed up together."""

    start: int
    """Unix seconds of the first moment of its hour, or day."""
    region: str
    """Empty for what a key has cost in a month on days that are not kept."""
    key: str
    """The key's name; empty for who needed none."""
    model: str


@dataclass(frozen=True, slots=True)
class Sums:
    """What was delivered."""

    requests: int = 0
    prompt: int = 0
    """Tokens read."""
    answer: int = 0
    """Tokens written."""
    heard: int = 0
    """Audio listened to, in ms."""
    characters: int = 0
    """Text spoken."""
    took: int = 0
    """From each request's arrival to its end, in ms."""
    cost: NanoDollars = NanoDollars(0)

    def __add__(self, more: "Sums") -> "Sums":
        return Sums(
            self.requests + more.requests,
            self.prompt + more.prompt,
            self.answer + more.answer,
            self.heard + more.heard,
            self.characters + more.characters,
            self.took + more.took,
            NanoDollars(self.cost + more.cost),
        )


NOTHING = Sums()

FIGURES = attrgetter("requests", "prompt", "answer", "heard", "characters", "took", "cost")


def total(sums: Iterable[Sums]) -> Sums:
    """All of them together, column by column: adding them one by one takes twice as long.

    >>> total([Sums(1, 2), Sums(3)]) == Sums(4, 2), total([]) == Sums()
    (True, True)
    """
    columns = map(sum, zip(*map(FIGURES, (NOTHING, *sums)), strict=True))
    requests, prompt, answer, heard, characters, took, spent = columns
    return Sums(requests, prompt, answer, heard, characters, took, NanoDollars(spent))


def summed(usage: Usage, price: Price, took: Seconds) -> Sums:
    """One request."""
    heard = round(millis(usage.heard))
    spent = cost(usage, price)
    return Sums(1, usage.prompt, usage.answer, heard, usage.characters, round(millis(took)), spent)


@dataclass(frozen=True, slots=True)
class Row:
    """The sums of one place."""

    place: Place
    sums: Sums
    change: int = 0
    """Number of its latest change; 0: of a whole day, and too old to be handed over."""


class Usages:
    """All of it. At most *most* hours are kept: those that changed longest ago become part of their days."""

    def __init__(self, start: int = 0, most: int = MOST_ROWS) -> None:
        self._upto = start
        self._most = most
        self._hours: OrderedDict[Place, Row] = OrderedDict()
        self._days: dict[Place, Row] = {}
        self._gone: dict[tuple[str, tuple[int, int]], Row] = {}
        self._spent: Counter[tuple[str, tuple[int, int] | None]] = Counter()

    def __iter__(self) -> Iterator[Row]:
        """What has been kept, to be kept: what `restore` is given in this order is the same."""
        return chain(self._gone.values(), self.kept())

    def kept(self) -> Iterator[Row]:
        """Days first; hours in the order in which they changed."""
        return chain(self._days.values(), self._hours.values())

    def add(self, place: Place, sums: Sums) -> Row:
        """Take in one request. What is returned is that request alone, to be written down for `restore`."""
        self._upto += 1
        row = Row(place, sums, self._upto)
        self.restore(row)
        return row

    def restore(self, row: Row) -> None:
        """Take in what an earlier life of the node has written down."""
        self._upto = max(self._upto, row.change)
        self._spend(row)
        if row.change:
            before = self._hours.pop(row.place, None)
            self._hours[row.place] = replace(row, sums=before.sums + row.sums) if before else row
            self._fold()
        elif row.place.region:
            self._keep(row)
        else:
            self._let_go(row)

    def since(self, cursor: int, most: int) -> tuple[tuple[Row, ...], int]:
        """Hours that changed after *cursor*, oldest change first, at most *most*, and the cursor to ask with next.

        A cursor that was never given counts as 0.
        """
        known = cursor if cursor <= self._upto else 0
        newest_first = takewhile(lambda row: row.change > known, reversed(self._hours.values()))
        rows = tuple(reversed(deque(newest_first, maxlen=most)))
        return rows, rows[-1].change if rows else self._upto

    def spent(self, key: str, unix: int | None = None) -> NanoDollars:
        """What *key* has cost in the month of *unix*; in all if None."""
        return NanoDollars(self._spent[key, None if unix is None else month_of(unix)])

    def _spend(self, row: Row) -> None:
        if row.place.key and row.sums.cost:
            self._spent[row.place.key, None] += row.sums.cost
            self._spent[row.place.key, month_of(row.place.start)] += row.sums.cost

    def _fold(self) -> None:
        if len(self._hours) > self._most:
            _, oldest = self._hours.popitem(last=False)
            self._keep(Row(oldest.place._replace(start=day_of(oldest.place.start)), oldest.sums))

    def _keep(self, day: Row) -> None:
        before = self._days.get(day.place)
        self._days[day.place] = Row(day.place, before.sums + day.sums) if before else day
        if len(self._days) > self._most:
            self._let_go(self._days.pop(next(iter(self._days))))

    def _let_go(self, day: Row) -> None:
        """Its cost stays, for budgets are of more than what is kept."""
        start, _, key, _ = day.place
        if key and day.sums.cost:
            before = self._gone.get((key, month_of(start)), Row(Place(start, "", key, ""), NOTHING))
            spent = Sums(cost=NanoDollars(before.sums.cost + day.sums.cost))
            self._gone[key, month_of(start)] = replace(before, sums=spent)
