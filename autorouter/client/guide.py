"""What a client knows, by model and by region: leases, regions that cool down, who answered last, what may be spent.

Shared by all threads or tasks of one client. It does nothing by itself and reads no clock: `now` is an argument. What
is written is written whole, so that readers need no lock.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from threading import Lock

from autorouter.client.budget import Budget
from autorouter.client.route import Asked, Lease, Place, RouterError, base_of, lease_of, question

COOL = 5.0
"""Seconds that a region which failed is passed over, unless it says itself for how long."""

REST = 2.0
"""Seconds that a router which failed is not asked again, while its old answer is at hand."""

LOOK = 0.2
"""Seconds that ``GET /livez`` may take at least …"""

LONGEST_LOOK = 5.0
"""… and at most."""

MOST_MODELS = 1000
"""Leases kept; the oldest is forgotten."""

Model = str | tuple[str, ...] | None
"""What is asked for: a name, several, or None; clients know their leases by it."""

log = logging.getLogger("autorouter.client")


class Age(Enum):
    """What a lease is good for."""

    NONE = "there is none: the router must be asked"
    FRESH = "to be used"
    STALE = "to be used while news is fetched"
    LAPSED = "to be used if the router does not answer in a moment"


class Guide:
    """The memory of one client. *asked* is asked of the router each time."""

    def __init__(self, router: str, asked: Asked, now: float) -> None:
        self.router = base_of(router).removesuffix("/v1")
        self._asked = asked
        self._leases: dict[Model, Lease] = {}
        self._resting: dict[Model, float] = {}
        self._cooling: dict[tuple[str, Model], float] = {}
        self._served: dict[Model, str] = {}
        self._budget = Budget(now)
        self._probe: str | None = None
        self._probed: str | None = None
        self._rtts: dict[str, float] = {}
        self._limits: dict[str, float] = {}
        self._lock = Lock()

    def find(self, model: Model, now: float) -> tuple[Age, Lease | None]:
        """The lease for *model*, and what it is good for."""
        lease = self._leases.get(model)
        if lease is None or now > lease.until + lease.if_error:
            return Age.NONE, None
        if now < lease.until or self.is_resting(model, now):
            return Age.FRESH, lease
        return (Age.STALE if now < lease.until + lease.meanwhile else Age.LAPSED), lease

    def url(self, model: Model, exclude: tuple[str, ...]) -> str:
        """How to ask for *model*, without the regions to *exclude*."""
        old = self._leases.get(model)
        return question(self.router, self._asked, model, exclude, old.route.region if old else None)

    def known(self, model: Model, exclude: tuple[str, ...]) -> Lease | None:
        """The lease that a question may renew: its ETag goes with it, and it with the answer."""
        old = None if exclude else self._leases.get(model)
        return old if old is not None and old.etag else None

    def learn(
        self,
        model: Model,
        exclude: tuple[str, ...],
        answer: tuple[int, Mapping[str, str], bytes],
        now: float,
        old: Lease | None = None,
    ) -> Lease:
        """Take the router's *answer* (status, headers, body) in; *old* may be renewed by it. Raises `RouterError`."""
        status, headers, body = answer
        lease = lease_of(self.router, status, headers, body, old, now)
        if exclude:  # who was left out may be best again
            lease = replace(lease, until=min(lease.until, now + COOL))
        with self._lock:
            self._leases[model] = lease
            if len(self._leases) > MOST_MODELS:
                gone = next(iter(self._leases))
                del self._leases[gone]
                self._resting.pop(gone, None)
            if status == 200:
                self._probe = lease.route.probe
        return lease

    def unanswered(self, model: Model, error: RouterError, now: float) -> None:
        """The router failed: it may rest, if there is an old answer at hand."""
        if model in self._leases:
            self._resting[model] = now + max(REST, error.wait)  # no more of them than leases

    def is_resting(self, model: Model, now: float) -> bool:
        """Whether the router is not to be asked."""
        return self._resting.get(model, 0.0) > now

    def is_cooling(self, region: str, model: Model, now: float) -> bool:
        """Whether *region* is to be passed over by who wants *model*."""
        return max(self._cooling.get((region, each), 0.0) for each in (None, model)) > now

    def cool(self, region: str, model: Model, seconds: float, now: float) -> None:
        """Pass *region* over for so long; without a *model*, whatever is wanted of it."""
        self._cooling[region, model] = now + seconds
        if len(self._cooling) > MOST_MODELS:
            self._cooling = {key: until for key, until in self._cooling.items() if until > now}

    def is_listed(self, model: Model, region: str) -> bool:
        """Whether *region* is a place of the latest lease."""
        lease = self._leases.get(model)
        return lease is not None and any(each.region == region for each in lease.route.places)

    def expect(self, place: Place) -> None:
        """A call is about to go to *place*: whoever looks at it should know how far it is."""
        self._rtts[place.endpoint] = place.rtt_ms / 1000

    def look(self, origin: str) -> float:
        """Seconds that a look at *origin* may take: three round trips (TCP, TLS, HTTP).

        Twice as long after each look in vain, for the router may be wrong about the way.
        """
        return max(LOOK, 3 * self._rtts.get(origin, 0.0) + 0.05, self._limits.get(origin, 0.0))

    def looked(self, origin: str, *, is_alive: bool) -> bool:
        """What a look at *origin* came to."""
        self._limits[origin] = 0.0 if is_alive else min(2 * self.look(origin), LONGEST_LOOK)
        return is_alive

    def earn(self) -> None:
        """One call more."""
        with self._lock:
            self._budget.earn()

    def spend(self, now: float) -> bool:
        """Whether a call may be sent on; then it is counted."""
        with self._lock:
            return self._budget.spend(now)

    def take_probe(self) -> str | None:
        """The probe that the router asked for, once."""
        with self._lock:
            found, self._probe = self._probe, None
            if found == self._probed:
                return None
            self._probed = found or self._probed
        return found

    def note(self, model: Model, place: Place, reason: str) -> None:
        """*place* has answered: a change of region is one line."""
        before = self._served.get(model, place.region)
        self._served[model] = place.region
        if len(self._served) > MOST_MODELS:
            self._served.pop(next(iter(self._served)), None)
        if before != place.region:
            log.warning("%s: %s -> %s (%s)", model or "without a model", before, place.region, reason)

    def forked(self) -> None:
        """In a child: whoever held the lock is not here."""
        self._lock = Lock()
