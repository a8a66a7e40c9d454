"""Promises shown within one process: for one router alone, and for tests."""

from collections.abc import Callable, Mapping

from autorouter.core.assigned import Book, Shown
from autorouter.core.names import RouterName
from autorouter.core.units import Instant

Board = dict[RouterName, Shown]


class MemoryExchange:
    """Shows the books of all routers that share a *board*."""

    def __init__(self, board: Board, router: RouterName, clock: Callable[[], Instant]) -> None:
        self._board = board
        self._router = router
        self._now = clock

    async def swap(self, book: Book) -> Mapping[RouterName, Shown]:
        """Show *book*, and look at the others'."""
        self._board[self._router] = Shown(book.copy(), self._now())
        return {router: each for router, each in self._board.items() if router != self._router}

    async def close(self) -> None:
        """Nothing to let go of."""
