"""How much memory each model's process takes, as the kernel counts it."""

import asyncio
from collections.abc import Mapping, Sequence

from node_agent.core.models import Footprint, ModelName, ModelSpec
from node_agent.core.units import Instant
from node_agent.engines.tenants import NEVER, Tenants, now
from node_agent.engines.triton import census
from node_agent.engines.triton.bringing import Bringer

WEIGH_S = 5.0
"""Between two weighings, for models grow as they are used. One costs the kernel 5 ms for 250 MiB."""


class Scales:
    """Weighs *models*, and tells the register of tenants."""

    def __init__(self, bringer: Bringer, models: Sequence[ModelSpec], tenants: Tenants) -> None:
        self._bringer = bringer
        self._models = models
        self._tenants = tenants
        self._next = NEVER
        self._weighed: Mapping[ModelName, int] = {}
        self.footprints: Sequence[Footprint] = ()
        """What was found."""

    async def weigh(self) -> None:
        """Weigh, if there is a new process or it is time again."""
        found = {model.name: pid for model in self._models if (pid := self._bringer.process(model)) is not None}
        if found == self._weighed and now() < self._next:
            return
        self._weighed, self._next = found, Instant(now() + WEIGH_S)
        sizes = await asyncio.to_thread(lambda: {name: census.memory(pid) for name, pid in found.items()})
        self.footprints = tuple(Footprint(name, found[name], size) for name, size in sizes.items() if size)
        for each in self.footprints:
            self._tenants.weigh(each.model, each.memory)
