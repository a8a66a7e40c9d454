"""Where a client is asked to be measured: the region's ping, with a ticket that its node can check.

A ticket is the same for everyone of a network within a minute, so that nothing is remembered of those that were
given.
"""

from collections.abc import Callable

from autorouter.core.decide import Decision
from autorouter.core.latency.ears import Ears
from autorouter.wire.key import Key, slot_at
from autorouter.wire.route import ProbeAsked

PATH = "/v1/ping"


class Tickets:
    """Signs with *key*; *unix_now* is the wall clock, which routers and nodes share to a minute."""

    def __init__(self, key: Key, unix_now: Callable[[], float], ears: Ears) -> None:
        self._key = key
        self._ears = ears
        self._now = unix_now

    def asked(self, decision: Decision) -> ProbeAsked | None:
        """The probe that *decision* asks its client for, if any."""
        wanted, network = decision.probe, decision.query.client.network
        if wanted is None or network is None or not self._ears.ask(wanted.region):
            return None
        endpoint = next(each.placement.endpoint for each in decision.ranked if each.view.region.name == wanted.region)
        ticket = self._key.ticket(network, wanted.region, slot_at(self._now()))
        return ProbeAsked(region=wanted.region, url=f"{endpoint}{PATH}?ticket={ticket}")
