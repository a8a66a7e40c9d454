"""What a request brings to the queue, out of its headers, its query and of who sent it.

Both ways of saying it, for a router's redirect can carry a query and no header, and a client's library the reverse.
"""

from collections.abc import Mapping, Sequence
from functools import partial

from aiohttp import web

from autorouter.wire.referral import PARAMETER
from node_agent.api.billing import settle
from node_agent.api.guard import client
from node_agent.api.problems import Failed
from node_agent.core.claim import Claim, Priority
from node_agent.core.units import Seconds

DEADLINE = "x-request-deadline-ms"
PRIORITY = "x-autorouter-priority"
QUERY = ("budget_ms", "priority")
"""The same in the query, by the names that ``/v1/route`` has for them."""
POSTED = (*QUERY, PARAMETER)
"""All that may stand in the query of whatever is posted, and is not the endpoint's own."""

LONGEST_MS = 3_600_000.0
LONGEST_NUMBER = 32


def own_query(request: web.Request) -> Mapping[str, str]:
    """The query without what it claims."""
    return {name: value for name, value in request.query.items() if name not in POSTED}


def claim_of(request: web.Request) -> Claim:
    """The claim of one request.

    Raises `Denied` if its key is not for this, or has no credit left; `Failed` naming what is wrong in it.
    """
    caller = client(request)
    return Claim(
        caller=caller.name,
        priority=_priority(request),
        patience=_patience(request),
        models=caller.models,
        settle=partial(settle, request),
    )


def _priority(request: web.Request) -> Priority:
    said = [_read_priority(*each) for each in _given(request, PRIORITY, "priority")]
    return said[0] if said else Priority.INTERACTIVE


def _patience(request: web.Request) -> Seconds | None:
    said = [_read_patience(*each) for each in _given(request, DEADLINE, "budget_ms")]
    return said[0] if said else None


def _read_priority(name: str, given: str) -> Priority:
    try:
        return Priority(given)
    except ValueError as exc:
        expected = " or ".join(Priority)
        raise Failed("invalid_value", f"'{name}': expected {expected}, found {given!r:.40}", name) from exc


def _read_patience(name: str, given: str) -> Seconds:
    if not 0 < (length := _number(given)) <= LONGEST_MS:
        expected = f"milliseconds above 0, up to {LONGEST_MS:.0f}"
        raise Failed("invalid_value", f"'{name}': expected {expected}, found {given!r:.40}", name)
    return Seconds(length / 1000.0)


def _number(text: str) -> float:
    """As the router reads it; 0 if it is none."""
    try:
        return 0.0 if "_" in text or not text.isascii() or len(text) > LONGEST_NUMBER else float(text)
    except ValueError:
        return 0.0


def _given(request: web.Request, header: str, parameter: str) -> Sequence[tuple[str, str]]:
    """What is said, and where: the header counts where both are there, and nothing wrong is passed over."""
    places = ((header, request.headers.get(header)), (parameter, request.query.get(parameter)))
    return [(name, given) for name, given in places if given is not None]
