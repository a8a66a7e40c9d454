"""What this project raises on purpose. A bad world is a value; a broken promise is one of these.

AutorouterError
+-- ResidencyBreachError    a set of eligible regions was to hold one that residency forbids
+-- StoreError              the store does not do as asked
"""

from collections.abc import Iterable


class AutorouterError(Exception):
    """Everything that this project raises on purpose."""


class ResidencyBreachError(AutorouterError):
    """A region was about to become choosable although residency forbids it: a defect, never the caller's fault."""

    def __init__(self, region: str, country: str, residency: Iterable[str]) -> None:
        super().__init__(f"{region} is in {country}, outside {', '.join(sorted(residency))}")


class StoreError(AutorouterError):
    """The store cannot be reached or does not do as asked; what it holds is not known to be lost."""
