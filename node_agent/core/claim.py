"""What a client brings to the queue besides its task: who it is, how urgent it is, how long it can wait."""

from dataclasses import dataclass
from enum import StrEnum

from node_agent.core.units import Seconds


class Priority(StrEnum):
    """Who goes first. The words are the router's."""

    INTERACTIVE = "interactive"
    """Somebody waits for the answer."""
    BATCH = "batch"
    """Nobody does: it takes what is left."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One client's claim to a slot."""

    caller: str = ""
    """Name of its key, never the key; empty where the node is open to all."""
    priority: Priority = Priority.INTERACTIVE
    patience: Seconds | None = None
    """How long the client can wait until its answer starts; None: as long as the queue allows."""


ANYONE = Claim()
