"""What nodes say was used of them, in sums: each hour that a node tells of replaces what it told of it before.

So it does not matter how often a node is asked, nor whether it or this router has started anew in between. A node is
believed what it says of itself: its region is the one that regions.yaml has it in, its models are those of the fleet,
and whatever it makes up takes nothing from what other nodes tell.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator
from typing import NamedTuple

from autorouter.core.names import NodeName, RegionName

MOST_HOURS = 100_000
"""Hours kept, of each node, key and model, about 40 MB. The node that told most forgets what it told longest ago:
that would count anew if it were told of again."""

MOST_MODELS = 256
"""Names of models in a region: as many as a report may have. What is beyond is called "other"."""


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
    """As the node calls it."""
    key: str
    model: str


NOTHING = Figures()
OTHER = "other"


class Used:
    """All of it."""

    def __init__(self, models: Callable[[], Container[str]], most: int = MOST_HOURS) -> None:
        """*models* tells those of the fleet."""
        self._models = models
        self._most = most
        self._kept = 0
        self._told: defaultdict[NodeName, OrderedDict[Hour, Figures]] = defaultdict(OrderedDict)
        self._sums: defaultdict[RegionName, dict[str, Figures]] = defaultdict(dict)

    def __iter__(self) -> Iterator[tuple[str, str, Figures]]:
        """Region, model, and what was used there since nodes have kept it; it only grows."""
        return ((region, model, figures) for region, sums in self._sums.items() for model, figures in sums.items())

    def take(self, region: RegionName, node: NodeName, hours: Iterable[tuple[Hour, Figures]]) -> None:
        """Take in what *node* tells. An hour that shrank is one that the node began anew: all of it is new."""
        for hour, figures in hours:
            before = self._replace(node, hour, figures)
            began_anew = any(now < was for now, was in zip(figures, before, strict=True))
            self._add(region, hour.model, figures if began_anew else figures.plus(before, -1))

    def _replace(self, node: NodeName, hour: Hour, figures: Figures) -> Figures:
        told = self._told[node]
        before = told.pop(hour, None)
        told[hour] = figures
        self._kept += before is None
        if self._kept > self._most:
            max(self._told.values(), key=len).popitem(last=False)
            self._kept -= 1
        return before or NOTHING

    def _add(self, region: RegionName, model: str, figures: Figures) -> None:
        sums = self._sums[region]
        is_known = model in sums or (model in self._models() and len(sums) < MOST_MODELS)
        name = model if is_known else OTHER
        sums[name] = sums.get(name, NOTHING).plus(figures)
