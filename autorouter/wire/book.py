"""What a router has promised, as it shows it to the others."""

from typing import Annotated

from pydantic import Field

from autorouter.wire.base import Wire

MOST_PLACES = 10_000
"""An endpoint and a model each."""

MOST_WEIGHT = 1_000_000.0

LONGEST = 3600
"""Seconds; an answer holds five minutes at most."""


class PlaceRecord(Wire):
    """What is promised to one model at one endpoint."""

    endpoint: Annotated[str, Field(max_length=256)]
    model: Annotated[str, Field(max_length=128)] = ""
    """Empty for who named none."""
    lapses: Annotated[
        dict[Annotated[int, Field(ge=-LONGEST, le=LONGEST)], Annotated[float, Field(gt=0, le=MOST_WEIGHT)]],
        Field(max_length=LONGEST),
    ]
    """Weight by whole seconds after the book was shown: from then on it counts no more."""


class BookRecord(Wire):
    """A whole book: it replaces what this router showed before."""

    schema_number: Annotated[int, Field(alias="schema", ge=1)] = 1
    at: Annotated[float, Field(ge=0)]
    """When it was shown, by the clock of what keeps it, in seconds."""
    places: Annotated[tuple[PlaceRecord, ...], Field(max_length=MOST_PLACES)] = ()
