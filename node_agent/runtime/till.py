"""The till: takes what is due for each request, knows what every key has cost, and tells whoever may know."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace

from autorouter.wire.node import MOST_USAGE, UsageRow
from node_agent.core.account import Account
from node_agent.core.backoff import pause
from node_agent.core.calendar import hour_of
from node_agent.core.caller import Caller, Per
from node_agent.core.delivery import Sent, due
from node_agent.core.errors import Denial, Denied
from node_agent.core.models import FREE, ModelName, ModelSpec
from node_agent.core.usage import NANO, Place, Row, Usages, summed
from node_agent.runtime.journal import Journal
from node_agent.runtime.ports import Clock

CHANGES_A_SECOND = 1_000_000
"""More than there can be, of usage and of round trips. Numbered from the wall clock's seconds times this, those of a
later life have greater numbers than all before, even if the last of these were never written down: nobody who asks by
cursor needs to notice the restart."""

LONGEST_LOG = 50_000
"""Lines, 5 MB, until the log is summed up."""

SYNC_S = 1.0


class Till:
    """Of the models in *models*, in *region*. Without a *journal* it forgets with the process."""

    def __init__(
        self, region: str, models: Mapping[ModelName, ModelSpec], clock: Clock, journal: Journal | None = None
    ) -> None:
        self._region = region
        self._models = models
        self._clock = clock
        self._journal = journal
        self._usages = Usages(clock.unix() * CHANGES_A_SECOND)
        self._written = 0
        self._base: tuple[int, tuple[Row, ...]] | None = None
        """That is to be written."""
        self._failures = 0
        if journal is not None:
            self._restore(journal)

    def take(self, account: Account, sent: Sent, requests: int = 1) -> bool:
        """Bill *account* for what was delivered, as so many *requests*; False if nothing was."""
        usage = due(account, sent)
        if usage is None:
            return False
        model = self._models.get(account.model)
        sums = replace(summed(usage, model.price if model else FREE, account.took), requests=requests)
        place = Place(hour_of(self._clock.unix()), self._region, account.caller, account.model)
        row = self._usages.add(place, sums)
        if self._journal is not None:
            self._journal.append(row)
            self._written += 1
        return True

    def require_credit(self, caller: Caller) -> None:
        """Raises `Denied` if *caller* has spent its budget on this node.

        What is under way is not counted yet, so a budget can be overshot by what the node serves at once.
        """
        if caller.budget is None:
            return
        month = self._clock.unix() if caller.budget.per is Per.MONTH else None
        spent = self._usages.spent(caller.name, month)
        if spent >= caller.budget.limit:
            when = "this month" if month else "in all"
            detail = f"the key's budget is spent: {spent / NANO:.4f} of {caller.budget.dollars:g} US dollars {when}"
            raise Denied(Denial.SPENT, detail)

    def rows(self) -> Iterable[Row]:
        """Everything that is kept, in hours and days."""
        return self._usages.kept()

    def since(self, cursor: int | None) -> tuple[tuple[UsageRow, ...], int]:
        """Hours that changed after *cursor*, and the cursor to ask with next; nothing for a reader that has none."""
        if cursor is None:
            return (), 0
        rows, upto = self._usages.since(cursor, MOST_USAGE)
        return tuple(map(_told, rows)), upto

    async def run(self) -> None:
        """Bring what is written to the disk, for ever, and sum it up now and then."""
        if self._journal is None:
            return
        try:
            while True:
                await asyncio.sleep(SYNC_S + pause(self._failures))
                await self._tidy(self._journal)
        finally:
            self._journal.close()

    def _restore(self, journal: Journal) -> None:
        for row in journal.read():
            self._usages.restore(row)
            journal.lines += 1

    async def _tidy(self, journal: Journal) -> None:
        try:
            if self._base or journal.is_behind or journal.lines > LONGEST_LOG:
                await self._sum_up(journal)
            elif self._written:
                self._written = 0
                await asyncio.to_thread(journal.sync)
            self._failures = 0
        except OSError as exc:
            self._failures += 1
            journal.fall_behind(exc.strerror or "")

    async def _sum_up(self, journal: Journal) -> None:
        """The rows of this moment are those of all logs before the new one: nothing comes in between.

        While a base cannot be written no other log is begun.
        """
        self._base = self._base or (journal.turn(), tuple(self._usages))
        await asyncio.to_thread(journal.write_base, *self._base)
        self._base = None
        journal.catch_up()


def _told(row: Row) -> UsageRow:
    place, sums = row.place, row.sums
    return UsageRow(
        hour=place.start,
        region=place.region,
        key=place.key,
        model=place.model,
        requests=sums.requests,
        prompt_tokens=sums.prompt,
        answer_tokens=sums.answer,
        heard_s=sums.heard / 1000,
        characters=sums.characters,
        cost_usd=sums.cost / NANO,
    )
