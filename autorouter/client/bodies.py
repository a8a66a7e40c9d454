"""Bodies of answers that tell their end: whether they were read, or let go of, or broke off.

Each is mixed with the class that its flavour wants bodies to be of.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol


class Ended(Protocol):
    """Is called once."""

    def __call__(self, *, whole: bool) -> None:
        """*whole* is False for a body that broke off."""


class _Once:
    failures: tuple[type[Exception], ...] = ()
    """What a region can be blamed for."""

    def __init__(self, inner: Any, ended: Ended) -> None:  # noqa: ANN401 - a body of httpx or httpx2
        self._inner = inner
        self._ended: Ended | None = ended

    def _end(self, *, whole: bool) -> None:
        ended, self._ended = self._ended, None
        if ended is not None:
            ended(whole=whole)


class Body(_Once):
    """For threads."""

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._inner
        except self.failures:
            self._end(whole=False)
            raise

    def close(self) -> None:
        """Let go of it."""
        self._inner.close()
        self._end(whole=True)


class AsyncBody(_Once):
    """For tasks."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._inner:
                yield part
        except self.failures:
            self._end(whole=False)
            raise

    async def aclose(self) -> None:
        """Let go of it."""
        await self._inner.aclose()
        self._end(whole=True)
