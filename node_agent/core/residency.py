"""Which models are in memory: who comes in at the start, and who leaves so that another one fits.

A decision of values: sizes and times come in, names go out. Nobody who is served, pinned or hardly there leaves.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from node_agent.core.models import ModelName
from node_agent.core.units import Instant, Seconds, between

STAY = 2.0
"""Times as long as its load took that a model which was asked for stays at least: in whatever turns models are asked
for, no more than a third of the time goes into loading them."""


@dataclass(frozen=True, slots=True)
class Resident:
    """A model in memory, or on its way in or out."""

    name: ModelName
    size: int
    """MiB."""
    used: Instant
    """When it was last asked for."""
    stays: Instant
    """Until when it may not be sent away again."""
    kept: bool = False
    """It is pinned, or being served: nobody knows for how long."""


@dataclass(frozen=True, slots=True)
class Room:
    """How room is made; there is none if there is an *obstacle*."""

    leave: tuple[ModelName, ...] = ()
    """Who is unloaded for it."""
    obstacle: str = ""
    """Why it cannot be made now."""
    wait: Seconds | None = None
    """How long that is so; None if nobody knows."""


def room(residents: Iterable[Resident], size: int, budget: int, now: Instant) -> Room:
    """Room for *size* MiB more within *budget*: the least recently used leave, and none that need not."""
    there = tuple(residents)
    missing = sum(each.size for each in there) + size - budget
    leave = _enough(sorted((e for e in there if _may_leave(e, now)), key=lambda each: each.used), missing)
    if leave is not None:
        return Room(tuple(each.name for each in leave))
    later = _enough(sorted((e for e in there if not e.kept), key=lambda each: each.stays), missing)
    if later is not None:
        wait = between(now, max(each.stays for each in later))
        return Room(obstacle="what would have to leave was loaded only just now, or is on its way", wait=wait)
    return Room(obstacle=f"it needs {size} of {budget} MiB, and what is there is in use or pinned")


def excess(residents: Iterable[Resident], budget: int, now: Instant) -> tuple[ModelName, ...]:
    """Who leaves because what is there has grown beyond *budget*: as many as need, or as can if they are too few."""
    there = tuple(residents)
    made = room(there, 0, budget, now)
    return tuple(each.name for each in there if _may_leave(each, now)) if made.obstacle else made.leave


def _may_leave(resident: Resident, now: Instant) -> bool:
    return not resident.kept and resident.stays <= now


def _enough(leavers: Iterable[Resident], missing: int) -> tuple[Resident, ...] | None:
    """The first of *leavers* that together free *missing* MiB, less those that need not; None if all are too few."""
    chosen: list[Resident] = []
    for each in leavers:
        if missing <= 0:
            break
        chosen.append(each)
        missing -= each.size
    if missing > 0:
        return None
    for each in reversed(chosen):  # the one that was used last has most to lose
        if missing + each.size <= 0:
            chosen.remove(each)
            missing += each.size
    return tuple(chosen)


def first(sizes: Mapping[ModelName, int], pinned: frozenset[ModelName], budget: int | None) -> tuple[ModelName, ...]:
    """Who is loaded at the start: the pinned, and then, in the order of *sizes*, each that still fits.

    >>> a, b, c = map(ModelName, "abc")
    >>> first({a: 300, b: 500, c: 200}, {c}, 600)
    ('c', 'a')
    """
    ordered = sorted(sizes, key=lambda name: name not in pinned)
    if budget is None:
        return tuple(ordered)
    chosen: list[ModelName] = []
    for name in ordered:
        if name in pinned or sizes[name] <= budget:
            chosen.append(name)
            budget -= sizes[name]
    return tuple(chosen)
