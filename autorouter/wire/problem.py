"""One error shape for router and node: RFC 9457 problem details that OpenAI's clients understand too.

The official OpenAI SDKs show ``error.message`` and ``error.code`` and nothing else of a body; PolarGrid's SDK
shows the top-level ``detail`` and ``code``; people read ``title``. So a problem says the same thing three times.
"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from autorouter.wire.base import Wire
from autorouter.wire.header import Header

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """One entry of a catalogue of problems."""

    status: int
    title: str
    fix: str
    """What whoever gets it can do about it."""
    shape: type["Problem"] | None = None
    """Where it says more than every problem does."""
    headers: tuple[Header, ...] = ()
    """What its answers say beside the body."""


class OpenAIError(Wire):
    """The member that OpenAI's clients read."""

    message: str
    type: str
    param: str | None = None
    """Name of the parameter at fault; None when no single one is."""
    code: str


class Problem(Wire):
    """An error as every client of ours sees it. Subclass it to add members."""

    type: str
    """``urn:autorouter:problem:<code>``"""
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    """What was expected, what was found, where."""
    code: str
    """From a closed catalogue; what programs branch on."""
    error: OpenAIError
    fix: str = ""
    """What can be done about it; empty from those who are too old to say so."""


def openai_type(status: int) -> str:
    """The error class that OpenAI's service would name for *status*.

    >>> openai_type(404), openai_type(429), openai_type(503)
    ('invalid_request_error', 'rate_limit_error', 'server_error')
    """
    named = {401: "authentication_error", 402: "insufficient_quota", 403: "permission_error", 429: "rate_limit_error"}
    return named.get(status, "invalid_request_error" if status < 500 else "server_error")


def members(code: str, kind: Kind, detail: str, param: str | None = None) -> dict[str, object]:
    """The members of a `Problem`, with the OpenAI one derived from the rest."""
    return {
        "type": f"urn:autorouter:problem:{code}",
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "code": code,
        "error": OpenAIError(message=detail, type=openai_type(kind.status), param=param, code=code),
        "fix": kind.fix,
    }
