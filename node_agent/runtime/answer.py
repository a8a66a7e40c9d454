"""An answer as its endpoint sees it: steps to be iterated over once, and what it has taken so far."""

from collections.abc import AsyncGenerator
from enum import StrEnum
from typing import Generic

from node_agent.core.task import NONE, S_co
from node_agent.core.units import Seconds
from node_agent.runtime.meter import Meter


class Cache(StrEnum):
    """What memory had to do with it."""

    HIT = "hit"
    MISS = "miss"
    """It was not there, and is now."""


class Answer(Generic[S_co]):
    """The steps of one answer."""

    def __init__(self, steps: AsyncGenerator[S_co, None], meter: Meter, cache: Cache | None) -> None:
        self._steps = steps
        self._meter = meter
        self.cache = cache
        """None where answers to such a task are not remembered."""

    def __aiter__(self) -> "Answer[S_co]":
        return self

    async def __anext__(self) -> S_co:
        return await anext(self._steps)

    @property
    def warmed(self) -> Seconds:
        """Until the model was ready."""
        return self._meter.turn.warmed

    @property
    def waited(self) -> Seconds:
        """In the queue."""
        return self._meter.turn.waited or NONE

    @property
    def first(self) -> Seconds | None:
        """From arrival to the first of the answer; None before it."""
        return self._meter.first

    @property
    def took(self) -> Seconds:
        """From arrival to now."""
        return self._meter.so_far
