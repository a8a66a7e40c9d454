"""How each model has fared since the start: what a router counts to find the node that looks well and fails."""

from collections import Counter, defaultdict

from node_agent.core.account import Account, Outcome
from node_agent.core.latest import Latest
from node_agent.core.models import ModelName
from node_agent.core.units import millis
from node_agent.runtime.ports import Ledger


class Record:
    """Counts accounts on their way to *ledger*."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ended: Counter[tuple[ModelName, Outcome]] = Counter()
        self._ttft: dict[ModelName, Latest] = defaultdict(Latest)
        self._tpot: dict[ModelName, Latest] = defaultdict(Latest)

    def record(self, account: Account) -> None:
        """Take one in."""
        self._ended[account.model, account.outcome] += 1
        if account.ttft is not None:
            self._ttft[account.model].note(millis(account.ttft))
        if account.tpot is not None:
            self._tpot[account.model].note(millis(account.tpot))
        self._ledger.record(account)

    def served(self, model: ModelName) -> int:
        """Requests that ended well."""
        return self._ended[model, Outcome.OK]

    def failed(self, model: ModelName) -> int:
        """Requests that the model failed: nobody else's fault, and not for want of room."""
        return self._ended[model, Outcome.FAILED]

    def ttft(self, model: ModelName) -> Latest:
        """Times to first token, in ms."""
        return self._ttft[model]

    def tpot(self, model: ModelName) -> Latest:
        """Times per output token, in ms."""
        return self._tpot[model]
