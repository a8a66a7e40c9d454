"""The models of one node as tenants of its memory: who is in, who wants in, who is held, how big each is.

Shared by all engines; what is measured here outlives the engine's own restarts.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from node_agent.core.models import ModelName, ModelSpec, ModelState, Standing
from node_agent.core.residency import STAY, Resident, Room, excess, first, room
from node_agent.core.task import NONE
from node_agent.core.units import Instant, Seconds, between

SPEED = 150.0
"""MiB a second that a model is taken to load with until it was seen to. The slowest seen here was 160."""

WANTED = Seconds(30.0)
"""A client that leaves, because the load takes longer than it can wait, comes back within this, or does not."""

HARDLY = 0.25
"""Of the time that a load should take, that it is taken to need still when that is over."""

SOONEST = Seconds(0.1)
"""Nothing that is under way is taken to be over sooner."""

LEAVE = Seconds(1.5)
"""What a model takes to leave: 1.4 s with Triton, whatever its size."""

NEVER = Instant(0.0)


@dataclass(slots=True)
class Tenant:
    """What is known of one model."""

    spec: ModelSpec
    size: int
    """MiB: as measured last, until then as the catalogue says."""
    pinned: bool
    fresh: int | None = None
    """What it took just after it was loaded: what it will take when it comes back, however large it has grown."""
    due: bool = False
    """It belongs in memory whether anybody asks or not."""
    inside: bool = False
    """In memory, or on its way in or out."""
    busy: bool = False
    """It is on its way, or looked after: somebody is at it, and nobody else may be."""
    dismissed: bool = False
    """It is on its way out, and nobody has seen to it yet."""
    going: bool = False
    """It is on its way out: whoever asks for it now waits until it is back."""
    users: int = 0
    wanted: Instant = NEVER
    """Until when it is wanted although nobody waits."""
    used: Instant = NEVER
    came: Instant = NEVER
    """When it was loaded last, or began to be."""
    rests: Instant = NEVER
    """Until when it is not tried again."""
    took: Seconds | None = None
    """Its load; None before the first."""

    @property
    def settled(self) -> bool:
        """In memory, and nobody is at it."""
        return self.inside and not self.busy

    @property
    def load(self) -> Seconds:
        """How long a load takes, as far as is known."""
        return Seconds(self.size / SPEED) if self.took is None else self.took

    @property
    def left(self) -> Seconds:
        """How long whoever is at it is taken to need still."""
        return Seconds(max(self.load - between(self.came, now()), HARDLY * self.load, SOONEST))


class Arrival(NamedTuple):
    """A model that may come in, and who leaves for it first."""

    name: ModelName
    leave: tuple[ModelName, ...]


class Tenants:
    """Keeps the register. *wake* is called when something is to be done, and *goes* with whoever has to leave.

    *goes* must say so before it returns: from then on nobody may be given that model.
    """

    def __init__(self, models: Iterable[ModelSpec], pinned: frozenset[ModelName], memory: int | None) -> None:
        self._memory = memory
        self._each = {model.name: Tenant(model, model.memory, model.name in pinned) for model in models}
        self.wake: Callable[[], None] = lambda: None
        self.goes: Callable[[ModelName], None] = lambda _name: None

    def __getitem__(self, name: ModelName) -> Tenant:
        """What is known of *name*."""
        return self._each[name]

    @contextmanager
    def hold(self, name: ModelName) -> Iterator[None]:
        """Want *name* for the length of the block: it is loaded, and it is not unloaded."""
        tenant = self._each[name]
        tenant.users += 1
        tenant.wanted = Instant(now() + WANTED)
        if not tenant.inside:
            self.wake()
        try:
            yield
        finally:
            tenant.users -= 1
            tenant.used = now()

    def restart(self) -> None:
        """The engine is empty: those come in that should be in at the start."""
        sizes = {name: tenant.size for name, tenant in self._each.items()}
        pinned = frozenset(name for name, tenant in self._each.items() if tenant.pinned)
        chosen = first(sizes, pinned, self._memory)
        for name, tenant in self._each.items():
            tenant.inside = tenant.busy = tenant.dismissed = tenant.going = False
            tenant.due, tenant.rests = name in chosen, NEVER

    def admit(self) -> Iterator[Arrival]:
        """Those who want in and may, each counted as on its way, as are those who leave for it."""
        for name, tenant in self._each.items():
            if self._asks(tenant) and not (made := self._room(tenant.size)).obstacle:
                for other in made.leave:
                    self._go(other)
                tenant.inside = tenant.busy = True
                yield Arrival(name, made.leave)

    def leavers(self) -> tuple[ModelName, ...]:
        """Those who have to leave: they were dismissed, or others have grown. Each is told once."""
        dismissed = [name for name, tenant in self._each.items() if tenant.dismissed]
        for name in dismissed:
            self._each[name].dismissed = False
        grown = () if self._memory is None else excess(self._inside(), self._memory, now())
        for name in grown:
            self._go(name)
        return (*dismissed, *grown)

    def outside(self) -> Iterator[tuple[ModelName, str]]:
        """Those who are not in memory and could be, and what is in the way of who wants to."""
        for name, tenant in self._each.items():
            if not tenant.inside and tenant.rests <= now():
                yield name, self._room(tenant.size).obstacle if self._asks(tenant) else ""

    def awaits_another(self, than: ModelName) -> bool:
        """Whether any other *than* this one wants in."""
        return any(self._asks(tenant) for name, tenant in self._each.items() if name != than)

    def begin(self, name: ModelName) -> None:
        """The load of *name* begins."""
        self._each[name].came = now()

    def came(self, name: ModelName) -> None:
        """*name* is loaded."""
        tenant = self._each[name]
        tenant.took, tenant.came, tenant.busy = between(tenant.came, now()), now(), False
        tenant.fresh = None
        self.wake()

    def weigh(self, name: ModelName, size: int) -> None:
        """*name* was measured to take *size* MiB."""
        tenant = self._each[name]
        tenant.size, tenant.fresh = size, tenant.fresh or size

    def busy(self, name: ModelName) -> None:
        """Somebody is at *name*."""
        self._each[name].busy = True

    def idle(self, name: ModelName) -> None:
        """Nobody is at *name* any more, however that went."""
        self._each[name].busy = False
        self.wake()

    def left(self, name: ModelName, rest: Seconds | None = None) -> None:
        """*name* is in memory no more; with *rest* it failed, and is not tried again for so long."""
        tenant = self._each[name]
        tenant.inside = tenant.busy = tenant.going = False
        tenant.size = tenant.fresh or tenant.size
        if rest is None:
            tenant.due, tenant.wanted = False, NEVER
        else:
            tenant.rests = Instant(now() + rest)
        self.wake()

    def dismiss(self, name: ModelName) -> str:
        """Have *name* leave; if it cannot, why."""
        tenant = self._each[name]
        if tenant.pinned:
            return "it is pinned"
        if tenant.users:
            return "it is being asked"
        if tenant.busy:
            return "it is being loaded, unloaded or mended"
        if tenant.inside:
            self._go(name)
            tenant.dismissed = True
            self.wake()
        return ""

    def forecast(self, name: ModelName, standing: Standing) -> Seconds | None:
        """How long it takes until *name*, which stands so, can be asked; None if nobody knows."""
        tenant = self._each[name]
        match standing.state:
            case ModelState.READY:
                return Seconds(0.0)
            case ModelState.LOADING if tenant.busy:
                return tenant.left
            case _:
                lead = self._lead(tenant)
                return None if lead is None else Seconds(lead + tenant.load)

    def _lead(self, tenant: Tenant) -> float | None:
        """Seconds until the load of *tenant* can begin."""
        made = Room() if tenant.inside and not tenant.going else self._room(tenant.size)
        if made.obstacle and made.wait is None:
            return None
        leave = LEAVE if made.leave or made.obstacle else 0.0
        return max(0.0, tenant.rests - now(), made.wait or 0.0) + leave

    def _asks(self, tenant: Tenant) -> bool:
        wants = tenant.due or tenant.users > 0 or tenant.wanted > now()
        return wants and not tenant.inside and tenant.rests <= now()

    def _go(self, name: ModelName) -> None:
        tenant = self._each[name]
        tenant.busy = tenant.going = True
        self.goes(name)

    def _room(self, size: int) -> Room:
        if self._memory is None:
            return Room()
        made = room(self._inside(), size, self._memory, now())
        if not made.obstacle and any(tenant.going for tenant in self._each.values()):
            return Room(obstacle="others are on their way out", wait=NONE)  # nobody is counted on twice
        return made

    def _inside(self) -> Iterator[Resident]:
        """Who takes memory, and goes on to."""
        return (_resident(tenant) for tenant in self._each.values() if tenant.inside and not tenant.going)


def _resident(tenant: Tenant) -> Resident:
    return Resident(tenant.spec.name, tenant.size, tenant.used, _stays(tenant), tenant.pinned or tenant.users > 0)


def _stays(tenant: Tenant) -> Instant:
    if tenant.busy:
        return Instant(now() + tenant.left)
    return Instant(tenant.came + STAY * tenant.load) if tenant.used > tenant.came else tenant.came


def now() -> Instant:
    """The running loop's time, which is this process's monotonic clock."""
    return Instant(asyncio.get_running_loop().time())
