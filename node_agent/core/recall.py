"""Answers given again, because the same task has the same answer: bounded, the least recently given forgotten first.

What one caller was answered is never given to another: by the time it takes, one could tell what others ask.
"""

from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b

from node_agent.core.chat import Beginning, Piece, Prompt
from node_agent.core.embedding import Texts, Vectors
from node_agent.core.speech import Sound, Speech
from node_agent.core.task import Step, Task

STEP = 200
"""Bytes that a step takes besides what it says."""

NUMBER = 32
"""Bytes of a number in a vector."""

LARGEST = 1 / 16
"""Of all there is room for, what one answer may take: one long speech must not push out everything."""


def is_repeatable(task: Task[Step]) -> bool:
    """Whether *task* has one answer only.

    A text has if nothing is left to chance, or the chance is given: temperature 0, and a seed.
    """
    match task:
        case Texts() | Speech():
            return True
        case Prompt() | Beginning():
            return task.manner.sampling.temperature == 0 and task.manner.sampling.seed is not None
        case _:
            return False


class Recall:
    """Room for so many bytes; 0 remembers nothing."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._kept: OrderedDict[bytes, tuple[Step, ...]] = OrderedDict()
        self.taken = 0
        """Bytes, roughly."""

    def __len__(self) -> int:
        return len(self._kept)

    def takes(self, task: Task[Step]) -> bool:
        """Whether the answer to *task* is remembered, unless it is too large."""
        return self._room > 0 and is_repeatable(task)

    def find(self, caller: str, task: Task[Step]) -> tuple[Step, ...] | None:
        """What *caller* was answered when it asked the same."""
        if not self.takes(task):
            return None
        key = _key(caller, task)
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def keep(self, caller: str, task: Task[Step], steps: Sequence[Step]) -> None:
        """Remember a whole answer."""
        size = _size(steps)
        if not self.takes(task) or size > self._room * LARGEST:
            return
        key = _key(caller, task)
        self._forget(key)
        self._kept[key] = tuple(steps)
        self.taken += size
        while self.taken > self._room:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: bytes) -> None:
        self.taken -= _size(self._kept.pop(key, ()))


def _key(caller: str, task: Task[Step]) -> bytes:
    """A digest: what was asked is not kept."""
    return blake2b(repr((caller, task)).encode(), digest_size=20).digest()


def _size(steps: Sequence[Step]) -> int:
    return sum(STEP + _said(step) for step in steps)


def _said(step: Step) -> int:
    match step:
        case Piece():
            return len(step.text.encode())
        case Sound():
            return len(step.pcm)
        case Vectors():
            return sum(NUMBER * len(vector) for vector in step.vectors)
        case _:
            return 0
