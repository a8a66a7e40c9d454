"""Which networks go first when there is no room for all: those that would be missed least."""

from collections.abc import Mapping
from heapq import heapify, heappop, heappush, heapreplace

from autorouter.core.latency.sample import DAY, Evidence
from autorouter.core.names import Network

Worth = tuple[bool, float, int, float]

Entry = tuple[bool, float, int, float, Network]


def worth(evidence: Evidence) -> Worth:
    """Orders networks: of which only reports are known; not measured for the most days; least measured; longest ago.

    What was reported makes no network worth more than another of its kind: anybody can report anything.
    """
    measured = [track.at for track in evidence.tracks.values() if track.kind.trusted]
    seen = max(measured, default=evidence.seen)
    return bool(measured), seen // DAY, len(measured), seen


def entry(network: Network, evidence: Evidence) -> Entry:
    """*network* in its place; flat, for there is one for each network that is remembered."""
    return *worth(evidence), network


class Forgetting:
    """Every network once, by its worth as of when that was last looked at: as more is learned it only rises."""

    def __init__(self, known: Mapping[Network, Evidence]) -> None:
        self._queue = [entry(network, evidence) for network, evidence in known.items()]
        heapify(self._queue)

    def add(self, network: Network, evidence: Evidence) -> None:
        """*network* was not known before."""
        heappush(self._queue, entry(network, evidence))

    def next(self, known: Mapping[Network, Evidence]) -> Network:
        """The one of all *known* that goes next."""
        while True:
            was = self._queue[0]
            now = entry(was[-1], known[was[-1]])
            if now <= was:
                return heappop(self._queue)[-1]
            heapreplace(self._queue, now)
