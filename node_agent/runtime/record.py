"""How each model has fared since the start: what a router counts to find the node that looks well and fails."""

from collections import Counter

from node_agent.core.account import Account, Outcome
from node_agent.core.models import ModelName
from node_agent.runtime.ports import Ledger


class Record:
    """Counts accounts on their way to *ledger*."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ended: Counter[tuple[ModelName, Outcome]] = Counter()

    def record(self, account: Account) -> None:
        """Take one in."""
        self._ended[account.model, account.outcome] += 1
        self._ledger.record(account)

    def served(self, model: ModelName) -> int:
        """Requests that ended well."""
        return self._ended[model, Outcome.OK]

    def failed(self, model: ModelName) -> int:
        """Requests that the model failed: nobody else's fault, and not for want of room."""
        return self._ended[model, Outcome.FAILED]
