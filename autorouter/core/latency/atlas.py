"""Everything that was measured, by client network, and what it teaches. The one thing in the core that is modified.

It is written by one loop and read in between, never at once. Memory is bounded, and what goes first is what would be
missed least (`forgetting`).
"""

from collections.abc import Iterator, Mapping, Sequence

from autorouter.core.fleet import Region
from autorouter.core.latency.belief import Belief
from autorouter.core.latency.ears import Ears
from autorouter.core.latency.forgetting import Forgetting
from autorouter.core.latency.globe import Globe
from autorouter.core.latency.line import jitter_of
from autorouter.core.latency.merge import lacks, merge
from autorouter.core.latency.offsets import Offsets
from autorouter.core.latency.prior import Prior
from autorouter.core.latency.sample import Evidence, Sample, learn, within_bounds
from autorouter.core.latency.teach import teach
from autorouter.core.names import Network, RegionName
from autorouter.core.place import Coordinates
from autorouter.core.query import Client
from autorouter.core.units import Instant, Millis, Seconds

MOST_NETWORKS = 32_768
"""Networks remembered: 1.1 KB each with three measured regions, 3.7 KB with sixteen, where all clients are in one
cell; 1.6 and 5.8 KB, what they teach included, where they are all over the world: of each region in a cell up to 32
voices are remembered, also of networks that were forgotten since. So 50 to 190 MB when full."""

MOST_BELIEFS = 4_096
"""Beliefs kept at hand: they cost 30 µs each to make again."""

FRESH = Seconds(3600.0)
"""How long a belief is kept at hand: what was measured gets less sure by 0.02 ms an hour."""

REFRESHED = 8
"""Cells whose offsets are worked out anew at a time: a millisecond or two."""

NOTHING = Evidence()


class Atlas:
    """What is known of round trips. *most* networks are remembered."""

    def __init__(self, regions: Sequence[Region], most: int = MOST_NETWORKS) -> None:
        self.globe = Globe(regions)
        self.own: Mapping[RegionName, Millis] = {}
        """The router's own round trips, for clients of which nothing is known."""
        self.ears = Ears()
        self._offsets = Offsets()
        self._evidence: dict[Network, Evidence] = {}
        self._beliefs: dict[Client, Belief] = {}
        self._forgetting = Forgetting(self._evidence)
        self._most = most

    def place_of(self, region: RegionName) -> Coordinates | None:
        """Where *region* is; None if there is none."""
        return self.globe.at.get(region)

    def follow(self, regions: Sequence[Region]) -> Sequence[Network]:
        """The catalog has other *regions* now. What was measured to one that has moved is forgotten, by everyone.

        Returns the networks of which something was forgotten.
        """
        before, self.globe = self.globe, Globe(regions)
        self._beliefs.clear()
        moved = {r.name for r in before.regions if self.globe.at.get(r.name) != r.at}
        self._offsets.forget(moved)
        left = {network: evidence.without(moved) for network, evidence in self._evidence.items()}
        changed = [network for network, evidence in left.items() if evidence is not self._evidence[network]]
        self._evidence = {network: evidence for network, evidence in left.items() if evidence.tracks}
        self._forgetting = Forgetting(self._evidence)
        return changed

    def __len__(self) -> int:
        return len(self._evidence)

    def evidence(self, network: Network | None) -> Evidence:
        """What was measured of *network*."""
        return NOTHING if network is None else self._evidence.get(network, NOTHING)

    def networks(self) -> Iterator[tuple[Network, Evidence]]:
        """Everything."""
        return iter(tuple(self._evidence.items()))

    def learn(self, sample: Sample, client: Client) -> bool:
        """Take *sample* in, of a network of which so much is known as *client* says; whether it was news."""
        if sample.source == "probe":
            self.ears.told(sample.region)
        before = self.evidence(sample.network)
        after = learn(before, sample, jitter_of(before, client.access))
        if after is before:
            return False
        self._remember(sample.network, after, client)
        return True

    def recall(self, network: Network, kept: Evidence, client: Client) -> bool:
        """Know of *network* what was *kept* of it too; whether what was kept lacks something that is known."""
        before = self.evidence(network)
        after = merge(before, kept)
        if after is not before:
            self._remember(network, within_bounds(after), client)
        return lacks(kept, self.evidence(network))

    def _remember(self, network: Network, evidence: Evidence, client: Client) -> None:
        if network not in self._evidence:
            self._forgetting.add(network, evidence)
        self._evidence[network] = evidence
        teach(self._offsets, network, client, evidence, self.globe)

    def forget(self) -> tuple[Network, ...]:
        """Forget what is too much, and say which networks those were."""
        gone = []
        while len(self._evidence) > self._most:
            gone.append(self._forgetting.next(self._evidence))
            del self._evidence[gone[-1]]
        return tuple(gone)

    def refresh(self) -> None:
        """Let what was learned reach the beliefs."""
        self._offsets.refresh(REFRESHED)

    def belief(self, client: Client, now: Instant) -> Belief:
        """What is believed of *client*, kept for a while unless something is learned that changes it."""
        evidence = self.evidence(client.network) if client.measurable else NOTHING
        kept = self._beliefs.get(client)
        if kept is None or kept.evidence is not evidence or now - kept.made > FRESH or not kept.prior.holds:
            prior = Prior(client, self.globe, self._offsets, self.own)
            kept = Belief(prior, self.globe, evidence, jitter_of(evidence, client.access), now)
            self._keep(client, kept)
        return kept

    def _keep(self, client: Client, belief: Belief) -> None:
        self._beliefs.pop(client, None)
        self._beliefs[client] = belief
        if len(self._beliefs) > MOST_BELIEFS:
            del self._beliefs[next(iter(self._beliefs))]
