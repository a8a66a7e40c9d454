"""Keeps the books with other routers: shows them what this one has promised, and hears what they have.

Nothing here is waited for by a request. While routers cannot show each other anything, what was heard last holds
until it lapses, and those who were alive are taken to promise on as this one does.
"""

import asyncio
from collections.abc import Mapping

from autorouter.core.assigned import Assigned, Shown
from autorouter.core.errors import StoreError
from autorouter.core.names import RouterName
from autorouter.core.units import Seconds
from autorouter.runtime.ports import Clock, Exchange, Witness

EVERY = 1.0
"""Seconds between two exchanges. With books of four routers exchanged every second and guessed in between, a fleet
gets over a death as fast as with one book for all."""

HELD = Seconds(600.0)
"""A book is remembered this long after its router was last heard: no answer holds longer, with its grace."""

ALIVE = Seconds(3.0)
"""A router that has shown its book within this time goes on promising; another has died, or cannot be heard."""


class Bookkeeper:
    """Exchanges."""

    def __init__(self, assigned: Assigned, exchange: Exchange, clock: Clock, witness: Witness) -> None:
        self._assigned = assigned
        self._exchange = exchange
        self._now = clock
        self._witness = witness
        self._heard: Mapping[RouterName, Shown] = {}

    async def run(self) -> None:
        """Exchange until cancelled; a defect is told, and costs one turn, not the router."""
        while True:
            try:
                await self.turn()
                self._witness.exchange_changed()
            except StoreError as exc:
                self._witness.exchange_changed(str(exc))
            except Exception as exc:  # noqa: BLE001 - the top of a loop that must not end
                self._witness.failed("books", exc)
            await asyncio.sleep(EVERY)

    async def turn(self) -> None:
        """Exchange once."""
        heard = {**self._heard, **await self._exchange.swap(self._assigned.own)}
        now = self._now()
        self._heard = {router: shown for router, shown in heard.items() if shown.at > now - HELD}
        alive = sum(shown.at > now - ALIVE for shown in self._heard.values())
        self._assigned.hear({router: shown.book for router, shown in self._heard.items()}, alive)
