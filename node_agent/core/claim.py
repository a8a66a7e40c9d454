"""What a client brings to the queue besides its task: who it is, how urgent it is, how long it can wait."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from node_agent.core.account import Account
from node_agent.core.errors import Denial, Denied
from node_agent.core.models import ModelName
from node_agent.core.units import Seconds


class Priority(StrEnum):
    """Who goes first. The words are the router's."""

    INTERACTIVE = "interactive"
    """Somebody waits for the answer."""
    BATCH = "batch"
    """Nobody does: it takes what is left."""


def ignore(_account: Account) -> None:
    """Nobody is billed."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One client's claim to a slot."""

    caller: str = ""
    """Name of its key, never the key; empty where the node is open to all."""
    priority: Priority = Priority.INTERACTIVE
    patience: Seconds | None = None
    """How long the client can wait until its answer starts; None: as long as the queue allows."""
    models: frozenset[ModelName] | None = None
    """What it may ask for; None: everything."""
    settle: Callable[[Account], None] = field(default=ignore, compare=False, repr=False)
    """Is told how the request went, to bill for it."""

    def after(self, wait: Seconds) -> "Claim":
        """The same once its client has waited: it can wait that much less."""
        if self.patience is None:
            return self
        return replace(self, patience=Seconds(max(0.0, self.patience - wait)))

    def require(self, model: ModelName) -> None:
        """Raises `Denied` for a model that it may not ask for."""
        if self.models is not None and model not in self.models:
            raise Denied(Denial.FORBIDDEN, f"the key is not for model {model}", param="model")


ANYONE = Claim()
