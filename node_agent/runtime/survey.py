"""The survey of how far clients are: what connections are counted, and what routers are told."""

from collections.abc import Iterable, Sequence

from autorouter.wire.key import Key, is_ticket, slot_at
from autorouter.wire.node import MOST_RTTS, NetworkRtt
from node_agent.core.probes import Fate, Once
from node_agent.core.rtts import Hop, News, Rtt, Rtts, Via
from node_agent.core.units import between
from node_agent.runtime.ports import Clock, Logbook


class Survey:
    """Fills *rtts* with what the kernel says of clients' connections."""

    def __init__(self, region: str, keys: Sequence[Key], rtts: Rtts, clock: Clock, logbook: Logbook) -> None:
        self._region = region
        self._keys = keys
        self._rtts = rtts
        self._clock = clock
        self._logbook = logbook
        self._once = Once()

    def served(self, hop: Hop | None) -> None:
        """A request came over *hop*, None for a connection that another program made for its client."""
        if hop is not None:
            self._note(hop, Via.SERVED)

    def probed(self, ticket: str, hop: Hop | None) -> Fate:
        """A client came over *hop* to be measured, and showed *ticket*."""
        fate = self._fate(ticket, hop)
        self._logbook.ticket(fate)
        if hop is not None and fate is Fate.COUNTED:
            self._note(hop, Via.PROBE)
        return fate

    def since(self, cursor: int | None) -> tuple[tuple[NetworkRtt, ...], int]:
        """What changed after *cursor*, and the cursor to ask with next; nothing for a reader that has none."""
        news = News() if cursor is None else self._rtts.since(cursor, MOST_RTTS)
        return tuple(self._told(news.rtts)), news.upto

    def _fate(self, ticket: str, hop: Hop | None) -> Fate:
        if not self._keys:
            return Fate.NO_KEY
        if hop is None:
            return Fate.UNMEASURED
        slot = slot_at(self._clock.unix())
        if not is_ticket(self._keys, ticket, hop.network, self._region, slot):
            return Fate.UNPROVEN
        if hop.rtt is None:
            return Fate.UNMEASURED
        return Fate.COUNTED if self._once.is_first(hop.network, slot) else Fate.REPLAYED

    def _note(self, hop: Hop, via: Via) -> None:
        if hop.rtt is not None:
            self._rtts.note(hop.network, via, hop.rtt, self._clock.now())
            self._logbook.sample(via)

    def _told(self, rtts: Iterable[Rtt]) -> Iterable[NetworkRtt]:
        now = self._clock.now()
        for rtt in rtts:
            age = round(between(rtt.last, now), 3)
            yield NetworkRtt(network=rtt.network, via=rtt.via, rtt_ms=rtt.median, n=len(rtt.latest), age_s=age)
