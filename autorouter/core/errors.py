"""What this project raises on purpose. A bad world is a value; a broken promise is one of these.

AutorouterError
+-- ResidencyBreachError    a set of eligible regions was to hold one that residency forbids
+-- StoreError              the store does not do as asked
    +-- UnsureError         it may have done so, or not
    +-- PartlyError         it did some of it
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

    outcome = "nothing was changed"


class UnsureError(StoreError):
    """The store was told and did not answer."""

    outcome = "it is not known whether it was changed, look with 'autorouter holds'"


class PartlyError(StoreError):
    """The store did what is in *done*, and then failed with *fault*."""

    def __init__(self, done: str, fault: StoreError) -> None:
        super().__init__(str(fault))
        self.outcome = f"changed was {done}; of the rest {fault.outcome}"
