"""Holds: an operator's word that a region or a node takes no new clients for now, until it is taken back or ends.

A target is held while anyone's hold on it is in force: two people who drain one region both have to be done with it.
Routers agree by versions, not by clocks: what is known under a key is replaced by what is later there. What was taken
back is remembered for a while, so that no router that had not heard of it can bring it back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

from autorouter.core.units import Unix

REMEMBERED = 30 * 86_400.0
"""Seconds that a hold is remembered after it ended or was taken back: a router that was cut off for longer and comes
back to an emptied store could bring it back."""

TOLD = 3
"""Holds that one sentence tells of."""


class HoldKind(Enum):
    """What is held."""

    DRAIN = "drain"
    """No new clients; old ones finish."""
    QUARANTINE = "quarantine"
    """The same, and what the target says is not believed: it is looked at, and nothing is learned from it."""


PAST: Mapping[HoldKind, str] = {HoldKind.DRAIN: "drained", HoldKind.QUARANTINE: "quarantined"}


class HoldKey(NamedTuple):
    """What tells holds apart: setting one again replaces it."""

    target: str
    kind: HoldKind
    by: str


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold."""

    target: str
    """A region's id; else a node's."""
    kind: HoldKind
    by: str
    """Who set it."""
    reason: str
    since: Unix
    until: Unix | None = None
    """When it ends by itself; None: when it is taken back."""

    @property
    def key(self) -> HoldKey:
        """What tells it apart."""
        return HoldKey(self.target, self.kind, self.by)

    def lasts(self, now: Unix) -> bool:
        """Whether it has not ended by itself."""
        return self.until is None or now < self.until


@dataclass(frozen=True, slots=True)
class Entry:
    """A hold as routers remember it."""

    hold: Hold
    version: int
    """The later, the greater, under one key."""
    lifted: Unix | None = None
    """When it was taken back; None while it was not."""

    def in_force(self, now: Unix) -> bool:
        """Whether it holds."""
        return self.lifted is None and self.hold.lasts(now)

    @property
    def ended(self) -> Unix | None:
        """When it was taken back, or ends by itself."""
        return self.hold.until if self.lifted is None else self.lifted

    def over(self, now: Unix) -> bool:
        """Whether it may be forgotten."""
        return self.ended is not None and self.ended + REMEMBERED < now


Known = Mapping[HoldKey, Entry]


def next_entry(known: Known, hold: Hold, lifted: Unix | None = None) -> Entry:
    """*hold*, or that it was *lifted*, as what comes after all that is *known* of it."""
    before = known.get(hold.key)
    return Entry(hold, 1 if before is None else before.version + 1, lifted)


def merged(known: Known, found: Known, now: Unix) -> Known:
    """The later of both under each key; of equals what was *found*. What may be forgotten is."""
    newer = {key: each for key, each in known.items() if key not in found or found[key].version < each.version}
    return {key: each for key, each in {**found, **newer}.items() if not each.over(now)}


def owed(known: Known, found: Known, now: Unix) -> tuple[Entry, ...]:
    """What is *known* and was not *found*, or found as it was earlier: what has to be put back."""
    missing = (each for key, each in known.items() if key not in found or found[key].version < each.version)
    return tuple(each for each in missing if not each.over(now))


def roomy(known: Known, now: Unix, most: int) -> Known:
    """*known* without what may be forgotten; beyond *most* what ended longest ago goes too, but nothing in force."""
    kept = {key: each for key, each in known.items() if not each.over(now)}
    ended = [key for key, each in kept.items() if not each.in_force(now)]
    ended.sort(key=lambda key: kept[key].ended or 0.0)
    spare = frozenset(ended[: max(0, len(kept) - most)])
    return {key: each for key, each in kept.items() if key not in spare}


def in_force(known: Known, now: Unix) -> tuple[Hold, ...]:
    """The holds that hold, by target, the oldest first."""
    holds = (each.hold for each in known.values() if each.in_force(now))
    return tuple(sorted(holds, key=lambda hold: (hold.target, hold.since, hold.kind.value, hold.by)))


def lift(known: Known, keys: Iterable[HoldKey], now: Unix) -> tuple[Entry, ...]:
    """That those holds of *keys* which are in force were taken back."""
    there = (known[key] for key in keys if key in known and known[key].in_force(now))
    return tuple(replace(each, version=each.version + 1, lifted=now) for each in there)


def told(holds: Iterable[Hold]) -> str:
    """*holds* in words: by whom, until when, why.

    >>> told([Hold("yto-01", HoldKind.DRAIN, "alice", "new switch", Unix(0.0), Unix(50_700.0))])
    'drained by alice until 14:05Z: new switch'
    """
    each = [_told(hold) for hold in holds]
    return "; ".join([*each[:TOLD], *([f"and {len(each) - TOLD} more"] if len(each) > TOLD else [])])


def _told(hold: Hold) -> str:
    until = "" if hold.until is None else f" until {clock(hold.until, hold.since)}"
    return f"{PAST[hold.kind]} by {hold.by}{until}: {hold.reason}"


def clock(at: Unix, since: Unix) -> str:
    """*at* in UTC: the time alone if it is within a day after *since*, else the date too.

    >>> clock(Unix(1_790_000_000.0), Unix(1_789_990_000.0)), clock(Unix(1_790_000_000.0), Unix(0.0))
    ('14:13Z', '2026-09-21 14:13Z')
    """
    days, seconds = divmod(int(at), 86_400)
    time = f"{seconds // 3600:02}:{seconds // 60 % 60:02}Z"
    return time if 0 <= at - since < 86_400 else f"{_date(days)} {time}"


def _date(days: int) -> str:
    """The date so many *days* after 1970-01-01, by the usual counting of years from March on."""
    era, of_era = divmod(days + 719_468, 146_097)
    year = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    after = month >= 10
    return f"{era * 400 + year + after:04}-{month - 9 if after else month + 3:02}-{day:02}"
