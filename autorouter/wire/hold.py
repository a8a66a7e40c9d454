"""Holds and the admin trail as they are kept, and as they are told."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from autorouter.wire.access import LATEST
from autorouter.wire.base import Name, Text, Wire, printable

Kind = Literal["drain", "quarantine"]


def _said(text: str) -> str:
    plain = printable(text).strip()
    if not plain:
        raise ValueError("is empty")
    return plain


Reason = Annotated[str, Field(max_length=256), AfterValidator(_said)]
"""Why: words for people, never empty."""

Who = Annotated[str, Field(max_length=64), AfterValidator(_said)]
"""A person or a program, by the name that colleagues know."""

Seconds1970 = Annotated[float, Field(ge=0, le=LATEST)]


class HoldTold(Wire):
    """One hold, as ``GET /v1/regions`` and the admin API tell it."""

    target: Name
    """A region's id; else a node's."""
    kind: Kind
    by: Who
    reason: Reason
    since: Seconds1970
    until: Seconds1970 | None = None
    """When it ends by itself; null: when it is taken back."""


class HoldRecord(HoldTold):
    """One hold in a store, which remembers those that were taken back too."""

    version: Annotated[int, Field(ge=1, le=2**53)]
    lifted: Seconds1970 | None = None


class NoteRecord(Wire):
    """One entry of the admin trail: who tried to change what, and what came of it."""

    at: Seconds1970
    actor: Who
    """Who authenticated."""
    action: Annotated[str, Field(max_length=32)]
    target: Text
    outcome: Annotated[str, Field(max_length=64)]
    """``done``, or the code of the problem."""
    detail: Text = ""
    router: Annotated[str, Field(max_length=64)] = ""
