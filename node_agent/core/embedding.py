"""Texts to be placed in a space where near means alike, and their places."""

from dataclasses import dataclass

from node_agent.core.task import Task, Usage

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Vectors:
    """All of them at once: the only step."""

    vectors: tuple[Vector, ...]
    usage: Usage | None = None

    @property
    def says(self) -> bool:
        """True: it is the answer."""
        return bool(self.vectors)


@dataclass(frozen=True, slots=True)
class Texts(Task[Vectors]):
    """The texts, in order."""

    texts: tuple[str, ...]
