"""Makes a map of addresses small: neighbours become one where that costs less than the place that it saves.

A database is a binary tree over addresses, and each node of it takes six bytes. Where two sibling blocks say
different things, saying what the heavier one says for both saves a node and is wrong about the lighter one. `fold`
does that while the loss is within a price, from the smallest blocks up: what each saved node may cost is bounded.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

V = TypeVar("V")


class Range(NamedTuple, Generic[V]):
    """What is said of the addresses from *first* to *last*, both included."""

    first: int
    last: int
    value: V


class Leaf(NamedTuple, Generic[V]):
    """What is said of a block: ``start/length``; *weight* is how much that matters."""

    start: int
    length: int
    value: V | None
    weight: float


@dataclass(frozen=True, slots=True)
class Family:
    """One version of IP: the addresses of it that can ask, and the block at which clients are told apart."""

    version: int
    bits: int
    first: int
    last: int
    grain: int


class Announced:
    """The addresses that somebody announces. Nobody else can ask, so of the rest anything may be said."""

    def __init__(self, ranges: Iterable[Range[int]], grain: int) -> None:
        """Takes sorted *ranges*; weighs in blocks of *grain* addresses."""
        self._grain = grain
        self.firsts: list[int] = []
        self.lasts: list[int] = []
        for first, last, _ in ranges:
            if self.lasts and first <= self.lasts[-1] + 1:
                self.lasts[-1] = max(self.lasts[-1], last)
            else:
                self.firsts.append(first)
                self.lasts.append(last)

    def weight(self, first: int, last: int) -> float:
        """Announced addresses from *first* to *last*, in networks."""
        at = bisect_right(self.firsts, last) - 1
        found = 0
        while at >= 0 and self.lasts[at] >= first:
            found += min(last, self.lasts[at]) - max(first, self.firsts[at]) + 1
            at -= 1
        return found / self._grain


def leaves(ranges: Iterable[Range[V]], family: Family, announced: Announced) -> Iterator[Leaf[V]]:
    """Every address of *family* as blocks, in order; gaps between the sorted *ranges* weigh nothing."""
    at = family.first
    for first, last, value in ranges:
        start, end = max(first, at), min(last, family.last)
        if start <= end:
            yield from (Leaf(*block, None, 0.0) for block in blocks(at, start, family.bits))
            for block, length in blocks(start, end + 1, family.bits):
                weight = announced.weight(block, block + (1 << family.bits - length) - 1)
                yield Leaf(block, length, value, weight)
            at = end + 1
    yield from (Leaf(*block, None, 0.0) for block in blocks(at, family.last + 1, family.bits))


def blocks(start: int, end: int, bits: int) -> Iterator[tuple[int, int]]:
    """The fewest blocks that cover the addresses from *start* up to *end*, as first address and prefix length.

    >>> list(blocks(1, 8, 32))
    [(1, 32), (2, 31), (4, 30)]
    """
    while start < end:
        size = min(start & -start or 1 << bits, 1 << (end - start).bit_length() - 1)
        yield start, bits - size.bit_length() + 1
        start += size


def fold(found: Iterable[Leaf[V]], bits: int, loss: Callable[[V, V], float], price: float) -> Sequence[Leaf[V]]:
    """Merge siblings while the lighter one's weight times its *loss* is at most *price*."""
    kept: list[Leaf[V]] = []
    for leaf in found:
        merged = leaf
        while kept and (one := _one(kept[-1], merged, bits, loss, price)):
            kept.pop()
            merged = one
        kept.append(merged)
    return [leaf for leaf in kept if leaf.value is not None]


def _one(a: Leaf[V], b: Leaf[V], bits: int, loss: Callable[[V, V], float], price: float) -> Leaf[V] | None:
    """*a* and *b* as one block, if they are siblings and it is worth it."""
    if a.length != b.length or a.start ^ b.start != 1 << bits - a.length:
        return None
    more, less = (a, b) if (a.weight, a.value is not None) >= (b.weight, b.value is not None) else (b, a)
    if more.value is not None and less.value is not None and less.weight * loss(less.value, more.value) > price:
        return None
    return Leaf(a.start, a.length - 1, more.value, a.weight + b.weight)
