"""Keeps holds: takes them in, follows what other routers were told, and publishes the fleet at once.

Nothing here is waited for by a request. While the board cannot be reached, holds that are known stay in force until
they end, and none can be set or taken back. A board that was emptied is given back what is known, with what was taken
back since, so that nothing that an operator was promised is lost and nothing is held that was let go.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

from autorouter.core.errors import PartlyError, StoreError
from autorouter.core.fleet import Node, Region
from autorouter.core.holds import Hold, HoldKey, HoldKind, Known, in_force, lift, merged, next_entry, owed, told
from autorouter.core.snapshot import assign
from autorouter.runtime.ports import Board, WallClock, Witness
from autorouter.runtime.snapshots import Snapshots

EVERY = 1.0
"""Seconds between two looks at the board: how soon other routers hear, and how late a hold may end."""


class Holding:
    """Keeps."""

    def __init__(
        self, board: Board, snapshots: Snapshots, publish: Callable[[], None], clock: WallClock, witness: Witness
    ) -> None:
        self._board = board
        self._snapshots = snapshots
        self._publish = publish
        self._now = clock
        self._witness = witness
        self._known: Known = {}
        self._alone = asyncio.Lock()
        self.heard = False
        """Whether the board was read at all: until then nobody knows what is held."""

    async def run(self) -> None:
        """Follow until cancelled; a defect is told, and costs one turn, not the router."""
        while True:
            await self.turn()
            await asyncio.sleep(EVERY)

    async def turn(self) -> None:
        """Look once. Never raises: what is known stays in force whatever becomes of the board."""
        try:
            await self._look()
        except StoreError as exc:
            self._witness.board_changed(str(exc))
        except Exception as exc:  # noqa: BLE001 - the top of a loop that must not end
            self._witness.failed("holds", exc)
        else:
            self._witness.board_changed()
        self._apply()

    async def hold(self, hold: Hold, permit: Callable[[], None] = lambda: None) -> Hold:
        """Set *hold*; when this returns it is kept and in force here. Raises `StoreError`, and then it is neither.

        After an `UnsureError` nobody knows: the next look tells. One that is set again began when it was first set.
        *permit* raises what forbids it, and is asked when all that was said before is in force: of two that are each
        harmless the second may leave nothing.
        """
        async with self._alone:
            await self._look()
            self._apply()
            permit()
            before = self._known.get(hold.key)
            if before is not None and before.in_force(self._now()):
                hold = replace(hold, since=before.hold.since)
            entry = await self._board.write(next_entry(self._known, hold))
            self._learn({hold.key: entry})
            self._apply()
            return hold

    async def lift(self, wanted: Callable[[Hold], bool]) -> Sequence[Hold]:
        """Take back the *wanted* holds of those in force; which they were. Raises `StoreError`."""
        async with self._alone:
            await self._look()
            keys: list[HoldKey] = [hold.key for hold in in_force(self._known, self._now()) if wanted(hold)]
            lifted = lift(self._known, keys, self._now())
            done: list[Hold] = []
            try:
                for entry in lifted:
                    self._learn({entry.hold.key: await self._board.write(entry)})
                    done.append(entry.hold)
            except StoreError as exc:
                raise (PartlyError(f"{told(done)} (taken back)", exc) if done else exc) from exc
            finally:
                self._apply()
            return done

    def believes(self, region: Region, node: Node) -> bool:
        """Whether what *node* says may be learned: neither it nor its region is in quarantine."""
        bad = [hold for hold in self._snapshots.holds if hold.kind is HoldKind.QUARANTINE]
        on_regions, on_nodes = assign(bad, self._snapshots.catalog.regions) if bad else ({}, {})
        return region.name not in on_regions and node.name not in on_nodes

    async def _look(self) -> None:
        """Hear what the board knows, and give it back what it has lost."""
        found = await self._board.read()
        self.heard = True
        lost = owed(self._known, found, self._now())
        self._learn(found)
        if lost:
            await self._board.restore(lost)

    def _learn(self, found: Known) -> None:
        self._known = merged(self._known, found, self._now())

    def _apply(self) -> None:
        """What holds now is what the fleet is published with."""
        before, after = self._snapshots.holds, in_force(self._known, self._now())
        if before != after:
            self._snapshots.holds = after
            self._witness.held(before, after)
            self._publish()
