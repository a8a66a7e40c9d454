"""What the runtime needs of the world outside; owned here, implemented elsewhere, held to one contract suite each."""

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import Literal, Protocol

from autorouter.core.assigned import Book, Shown
from autorouter.core.fleet import FleetSnapshot, Node, Region
from autorouter.core.holds import Entry, Hold, Known
from autorouter.core.latency.sample import Evidence, Sample
from autorouter.core.names import Network, RouterName
from autorouter.core.observation import Observation
from autorouter.core.trail import Note
from autorouter.core.units import Instant, Unix

Clock = Callable[[], Instant]
"""Tells this instant."""

WallClock = Callable[[], Unix]
"""Tells the time that people mean."""


class Store(Protocol):
    """Memory of observations shared between routers."""

    async def append(self, observation: Observation) -> None:
        """Make *observation* known to every follower, within 0.2 s or with `StoreError`."""

    def follow(self) -> AsyncGenerator[Observation, None]:
        """The recent past, then everything as it is appended, in order, until it raises `StoreError`."""
        ...

    async def close(self) -> None:
        """Let go of connections."""


class Shelf(Protocol):
    """What is known of client networks, shared between routers and kept beyond their lives.

    Whatever cannot be done raises `StoreError`.
    """

    async def tell(self, samples: Sequence[Sample]) -> None:
        """Make *samples* known to every listener, within 0.2 s."""

    def listen(self) -> AsyncGenerator[Sample, None]:
        """The recent past, and all since it was last listened to; then every sample as it is told, in order."""
        ...

    async def keep(self, evidence: Mapping[Network, Evidence], gone: Sequence[Network] = ()) -> None:
        """Keep *evidence* in place of what is kept of these networks, and nothing of those that are *gone*."""

    def recall(self) -> AsyncGenerator[tuple[Network, Evidence], None]:
        """Everything that is kept."""
        ...

    async def kept(self) -> int:
        """Of how many networks something is kept."""
        ...

    async def close(self) -> None:
        """Let go of connections."""


class Exchange(Protocol):
    """Where routers show each other what they have promised. Whatever cannot be done raises `StoreError`."""

    async def swap(self, book: Book) -> Mapping[RouterName, Shown]:
        """Show *book*, in place of what this router showed before; what every other router showed last."""
        ...

    async def close(self) -> None:
        """Let go of connections."""


class Board(Protocol):
    """Where holds are kept, for every router to see. Whatever cannot be done raises `StoreError`."""

    async def read(self) -> Known:
        """Everything that is kept."""
        ...

    async def write(self, entry: Entry) -> Entry:
        """Keep *entry*, as later than whatever is kept under its key; what is kept now."""
        ...

    async def restore(self, entries: Sequence[Entry]) -> None:
        """Keep those of *entries* of which nothing is kept, or only something earlier."""

    async def close(self) -> None:
        """Let go of connections."""


class Trail(Protocol):
    """What operators did, kept beyond the router's life. Whatever cannot be done raises `StoreError`."""

    async def note(self, note: Note) -> None:
        """Keep *note*, the latest."""

    async def latest(self, most: int) -> Sequence[Note]:
        """The latest notes, at most so many, the newest first."""
        ...

    async def close(self) -> None:
        """Let go of connections."""


class Look(Protocol):
    """A line of sight to one node."""

    async def __call__(self) -> Observation:
        """What is found now. Never raises: a failure is an outcome."""
        ...

    async def close(self) -> None:
        """Stop looking."""


Probe = Callable[[Region, Node], Look]
"""Opens a line of sight."""


class Witness(Protocol):
    """Is told what happens; metrics and logs hang here. Must not block."""

    def observed(self, observation: Observation) -> None:
        """A node was looked at by this very router."""

    def published(self, before: FleetSnapshot, after: FleetSnapshot) -> None:
        """The fleet has a new snapshot."""

    def store_changed(self, side: Literal["tell", "hear"], fault: str = "") -> None:
        """The store did as asked, or did not because of *fault*; called each time."""

    def failed(self, what: str, exc: Exception) -> None:
        """A defect of ours ended one step of *what*."""

    def sampled(self, source: str, refusal: str | None) -> None:
        """A client's round trip was learned, or refused."""

    def held(self, before: Sequence[Hold], after: Sequence[Hold]) -> None:
        """Other holds are in force than before."""

    def board_changed(self, fault: str = "") -> None:
        """Holds could be read and kept, or not because of *fault*; called each time."""

    def exchange_changed(self, fault: str = "") -> None:
        """Promises could be exchanged with other routers, or not because of *fault*; called each time."""

    def shelf_changed(self, fault: str = "") -> None:
        """What is known of client networks could be shared, or not because of *fault*; called each time."""
