"""Texts to be placed in a space where near means alike, and their places."""

from dataclasses import dataclass

from node_agent.core.task import Task, Usage

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Vectors:
    """Some of them, in the order of their texts; none in a last step that only has the usage."""

    vectors: tuple[Vector, ...]
    usage: Usage | None = None

    @property
    def says(self) -> bool:
        """True if there is a place in it."""
        return bool(self.vectors)


@dataclass(frozen=True, slots=True)
class Texts(Task[Vectors]):
    """The texts, in order."""

    texts: tuple[str, ...]
