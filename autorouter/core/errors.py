"""What the core raises, and only when a caller breaks a promise; a bad world is a value.

AutorouterError
└── ResidencyBreachError    a set of eligible regions was to hold one that residency forbids
"""

from collections.abc import Iterable


class AutorouterError(Exception):
    """Everything that this project raises on purpose."""


class ResidencyBreachError(AutorouterError):
    """A region was about to become choosable although residency forbids it: a defect, never the caller's fault."""

    def __init__(self, region: str, country: str, residency: Iterable[str]) -> None:
        super().__init__(f"{region} is in {country}, outside {', '.join(sorted(residency))}")
