"""The way of one call: which region, which next, when to stop. Pure: it asks for steps and is told what came of them.

A shell runs it: `Ask` the router, `Send` the call, `Drop` an answer that nobody wants, `Refresh` in the background.
The last value is how the call ends.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field

from autorouter.client.guide import COOL, Age, Guide
from autorouter.client.headers import FAILURES, pause
from autorouter.client.route import Lease, Place

MOST_REGIONS = 3
"""Tried for one call; after that its caller's own retries are due."""

WELL = (408, 409, 429)
"""Statuses after which the router need not be asked for others: the region is where it should be."""

PATIENCE = 0.3
"""Seconds to wait for a router's news while its old answer is at hand."""

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask the router; the shell says what lease came of it. With *patience*, None if none did within it."""

    model: str | None
    exclude: tuple[str, ...] = ()
    patience: float | None = None


@dataclass(frozen=True, slots=True)
class Refresh:
    """Ask the router, and wait for nothing."""

    model: str | None
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Send:
    """Send the call to a place; the shell says what it came to."""

    place: Place
    is_last: bool = False
    """There is no other to go to, so that it is waited for however silent it is."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Let go of a failed answer."""

    tried: "Tried"


@dataclass(frozen=True, slots=True)
class Tried:
    """What one try came to: an *answer*, whatever the shell holds for one, or an *error*."""

    why: str | None
    """Why it failed; None if it did not."""
    answer: object = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ends: its last try, and what is told with it."""

    tried: Tried
    place: Place
    attempts: int
    reason: str

    @property
    def headers(self) -> Mapping[str, str]:
        """What is added to the answer."""
        return {
            "x-autorouter-region": self.place.region,
            "x-autorouter-attempts": str(self.attempts),
            "x-autorouter-reason": self.reason,
        }


Step = Ask | Refresh | Send | Drop
Way = Generator[Step, Lease | Tried | None, Ending]


class Walk:
    """One call on its way."""

    def __init__(self, guide: Guide, model: str | None, clock: Clock) -> None:
        self._guide = guide
        self._model = model
        self._now = clock
        self._failed: dict[str, str] = {}

    def way(self) -> Way:
        """The steps."""
        guide = self._guide
        guide.earn()
        places = yield from self._start()
        now = self._now()
        passed = [each.region for each in places if guide.is_cooling(each.region, self._model, now)]
        place = yield from self._next(places)
        while place is not None:
            tried = yield Send(place, self._is_last(place, places))
            assert isinstance(tried, Tried)  # noqa: S101 - the shell's side of the bargain
            if tried.why is not None:
                self._failed[place.region] = tried.why
                yield from self._cool(place, tried)
            other = (yield from self._next(places)) if tried.why and len(self._failed) < MOST_REGIONS else None
            if other is None or not guide.spend(self._now()):
                return self._ending(tried, place, places, passed)
            yield Drop(tried)
            place = other
        raise AssertionError("a route has a place")

    def _start(self) -> Generator[Step, Lease | Tried | None, tuple[Place, ...]]:
        age, lease = self._guide.find(self._model, self._now())
        match age:
            case Age.STALE:
                yield Refresh(self._model)
            case Age.LAPSED:
                lease = (yield from _asked(Ask(self._model, patience=PATIENCE))) or lease
            case Age.NONE:
                lease = yield from _asked(Ask(self._model))
            case Age.FRESH:
                pass
        return () if lease is None else lease.route.places

    def _next(self, places: tuple[Place, ...]) -> Generator[Step, Lease | Tried | None, Place | None]:
        """The next in the router's order. Those that cool down come last, after what the router knows besides."""
        if found := self._fit(places):
            return found
        news = None
        if not self._guide.is_resting(self._model, self._now()):
            exclude = tuple(dict.fromkeys([*self._failed, *(each.region for each in places)]))
            news = yield from _asked(Ask(self._model, exclude, PATIENCE))
        left = (each for each in places if each.region not in self._failed)
        return (self._fit(news.route.places) if news else None) or next(left, None)

    def _is_last(self, place: Place, places: tuple[Place, ...]) -> bool:
        others = (each for each in places if each.region not in {*self._failed, place.region})
        return len(self._failed) + 1 >= MOST_REGIONS or next(others, None) is None

    def _fit(self, places: tuple[Place, ...]) -> Place | None:
        now = self._now()
        fit = (
            e
            for e in places
            if e.region not in self._failed and not self._guide.is_cooling(e.region, self._model, now)
        )
        return next(fit, None)

    def _cool(self, place: Place, tried: Tried) -> Generator[Step, Lease | Tried | None, None]:
        """Pass a region over for a while, a lost one for all models; and ask for others, unless it was only full."""
        now = self._now()
        if tried.status is None:
            self._guide.cool(place.region, None, COOL, now)
        else:
            self._guide.cool(place.region, self._model, pause(tried.headers, FAILURES[tried.status]), now)
        is_news = tried.status not in WELL and self._guide.is_listed(self._model, place.region)
        if is_news and not self._guide.is_resting(self._model, now):
            yield Refresh(self._model, (place.region,))

    def _ending(self, tried: Tried, place: Place, places: tuple[Place, ...], passed: list[str]) -> Ending:
        order = [each.region for each in places]
        here = order.index(place.region) if place.region in order else len(order)
        reasons = {each: "cooling down" for each in passed if order.index(each) < here} | self._failed
        attempts = len(self._failed) + (tried.why is None)
        if tried.why is None:
            reasons.pop(place.region, None)
        reason = ", ".join(f"{region} {why}" for region, why in reasons.items()) or "first choice"
        if tried.why is None:
            self._guide.note(self._model, place, reason)
        return Ending(tried, place, attempts, reason)


def _asked(ask: Ask) -> Generator[Step, Lease | Tried | None, Lease | None]:
    lease = yield ask
    return lease if isinstance(lease, Lease) else None
