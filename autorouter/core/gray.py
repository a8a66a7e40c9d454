"""Gray nodes: those that answer a look and fail their clients, or answer only some looks.

A health table sees the last few looks, and a node that loses every fourth never misses three in a row. So successes
are counted too, of looks and of requests as the node reports them, and a node that falls below what is good enough is
set aside for a while, the longer the more often it happened. It is set aside as degraded, not as down: where nothing
better is left it is offered all the same. And never many at once: if a tenth of the fleet looks gray, it is more
likely that the eye is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from autorouter.core.names import NodeName
from autorouter.core.units import Instant, Seconds, Share

FEWEST = 20.0
"""Looks, or requests, that a verdict needs."""

MOST = 40.0
"""What counts at most; the older count less and less, so that a verdict is about lately."""

GOOD_ENOUGH = Share(0.9)
"""Share that has to succeed."""

IN_A_ROW = 5.0
"""Requests that fail in a row are a verdict without more."""

ASIDE = Seconds(30.0)
"""For the first time; the second time twice that, and so on …"""

MOST_TIMES = 10
"""… up to this many times: five minutes."""

MOST_ASIDE = Share(0.1)
"""Share of all nodes that may be set aside at once, but one always may."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Successes and failures, lately."""

    good: float = 0.0
    bad: float = 0.0
    row: float = 0.0
    """Failures in a row."""

    def plus(self, good: float, bad: float) -> "Tally":
        """With *good* and *bad* more."""
        kept = min(1.0, MOST / (self.good + self.bad + good + bad)) if good or bad else 1.0
        row = 0.0 if good else self.row + bad
        return Tally((self.good + good) * kept, (self.bad + bad) * kept, row)

    @property
    def is_bad(self) -> bool:
        """Whether it is a verdict."""
        return self.good + self.bad >= FEWEST and self.good < GOOD_ENOUGH * (self.good + self.bad)


NOTHING = Tally()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a node has fared."""

    looks: Tally = NOTHING
    requests: Tally = NOTHING
    times: int = 0
    """How often it was set aside."""
    until: Instant = Instant(0.0)
    """When it is to be set aside no more."""
    why: str = ""

    def after(self, now: Instant, looks: tuple[float, float], requests: tuple[float, float]) -> "Standing":
        """With so many more looks and requests that succeeded and failed, as of *now*."""
        if now < self.until:
            return self
        fared = replace(self, looks=self.looks.plus(*looks), requests=self.requests.plus(*requests))
        return _aside(fared, now) if fared.verdict else _redeemed(fared)

    @property
    def verdict(self) -> str:
        """Why it has to be set aside, in words; empty when it has not."""
        if self.requests.row >= IN_A_ROW:
            return f"{self.requests.row:.0f} requests failed in a row"
        for what, tally in (("requests", self.requests), ("looks", self.looks)):
            if tally.is_bad:
                return f"{tally.bad:.0f} of its latest {tally.good + tally.bad:.0f} {what} failed"
        return ""


NEW = Standing()


def _aside(fared: Standing, now: Instant) -> Standing:
    times = min(MOST_TIMES, fared.times + 1)
    return Standing(times=times, until=Instant(now + times * ASIDE), why=fared.verdict)


def _redeemed(fared: Standing) -> Standing:
    """Enough that went well takes a time back."""
    well = fared.looks.good >= FEWEST
    return replace(fared, times=fared.times - 1, looks=NOTHING) if well and fared.times else fared


def set_aside(standings: Mapping[NodeName, Standing], now: Instant) -> Mapping[NodeName, str]:
    """Which of the nodes that are there are set aside, and why: as many as may be, those first who return first."""
    due = sorted((each.until, name) for name, each in standings.items() if each.until > now)
    return {name: standings[name].why for _, name in due[: max(1, int(MOST_ASIDE * len(standings)))]}
