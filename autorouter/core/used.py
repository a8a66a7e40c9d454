"""What nodes say was used of them, in sums: each hour that a node tells of replaces what it told of it before.

So it does not matter how often a node is asked, nor whether it or this router has started anew in between.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from autorouter.core.names import NodeName

MOST_HOURS = 100_000
"""Hours kept, of each node, key and model, about 40 MB; those told of longest ago are forgotten, and would count anew
if they were told of again."""

MOST_SUMS = 1000
"""Pairs of region and model: a node that makes names up fills no memory. What is beyond is called "other"."""


class Figures(NamedTuple):
    """What was delivered."""

    requests: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    heard_s: float = 0.0
    characters: int = 0
    cost_usd: float = 0.0

    def plus(self, more: "Figures", times: int = 1) -> "Figures":
        """With *more*, so many times."""
        return Figures(
            self.requests + times * more.requests,
            self.prompt_tokens + times * more.prompt_tokens,
            self.answer_tokens + times * more.answer_tokens,
            self.heard_s + times * more.heard_s,
            self.characters + times * more.characters,
            self.cost_usd + times * more.cost_usd,
        )


class Hour(NamedTuple):
    """What is summed up together on one node."""

    start: int
    """Unix seconds."""
    region: str
    key: str
    model: str


NOTHING = Figures()
OTHER = "other"


class Used:
    """All of it."""

    def __init__(self, most: int = MOST_HOURS) -> None:
        self._most = most
        self._told: OrderedDict[tuple[NodeName, Hour], Figures] = OrderedDict()
        self._sums: dict[tuple[str, str], Figures] = {}

    def __iter__(self) -> Iterator[tuple[str, str, Figures]]:
        """Region, model, and what was used there since nodes have kept it; it only grows."""
        return ((region, model, figures) for (region, model), figures in self._sums.items())

    def take(self, node: NodeName, hours: Iterable[tuple[Hour, Figures]]) -> None:
        """Take in what *node* tells. An hour that shrank is one that the node began anew: all of it is new."""
        for hour, figures in hours:
            before = self._told.pop((node, hour), NOTHING)
            self._told[node, hour] = figures
            began_anew = any(now < was for now, was in zip(figures, before, strict=True))
            self._add(hour, figures if began_anew else figures.plus(before, -1))
            if len(self._told) > self._most:
                self._told.popitem(last=False)

    def _add(self, hour: Hour, figures: Figures) -> None:
        pair = hour.region, hour.model
        if pair not in self._sums and len(self._sums) >= MOST_SUMS:
            pair = OTHER, OTHER
        self._sums[pair] = self._sums.get(pair, NOTHING).plus(figures)
