"""Headers that mean something here, and those by which a client is told when to ask again."""

from dataclasses import dataclass
from math import ceil
from typing import Literal


@dataclass(frozen=True, slots=True)
class Header:
    """What an answer says beside its body."""

    name: str
    summary: str
    shape: object = str
    """A type, as pydantic reads it."""


RETRY_AFTER = Header("Retry-After", "Whole seconds until it is worth asking again.", int)
RETRY_AFTER_MS = Header("retry-after-ms", "The same in milliseconds, which OpenAI's clients read first.", int)
SHOULD_RETRY = Header("x-should-retry", "Whether to ask again here.", Literal["true", "false"])
RETRY = (RETRY_AFTER, RETRY_AFTER_MS, SHOULD_RETRY)

AUTHENTICATE = Header("WWW-Authenticate", "How to show a key.")
ALLOW = Header("Allow", "The methods that there are.")
REQUEST_ID = Header("X-Request-Id", "The caller's own if it sent a safe one, else a new one.")
TAG = Header("ETag", "Changes when the answer does.")
CACHE = Header("Cache-Control", "How long it holds.")


def retry(after: float, *, here: bool) -> dict[str, str]:
    """What says when to ask again, in *after* seconds, and whether *here*: whole seconds are never too soon.

    >>> retry(0.25, here=True)
    {'Retry-After': '1', 'retry-after-ms': '250', 'x-should-retry': 'true'}
    """
    return {
        RETRY_AFTER.name: str(max(1, ceil(after))),
        RETRY_AFTER_MS.name: str(round(after * 1000)),
        SHOULD_RETRY.name: "true" if here else "false",
    }
