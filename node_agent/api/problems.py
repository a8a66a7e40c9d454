"""Every error that a client can get, in one table, and the one way to say it (see `autorouter.wire.problem`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import ceil
from typing import assert_never

from aiohttp import web

from autorouter.wire.problem import CONTENT_TYPE, Problem, members
from node_agent.core.errors import Denial, Denied, EngineError, Fault, Reason, Refusal
from node_agent.core.units import Seconds, millis

CATALOGUE: Mapping[str, tuple[int, str]] = {
    "invalid_json": (400, "The body is not JSON"),
    "invalid_value": (400, "A parameter has a wrong value"),
    "missing_parameter": (400, "A parameter is missing"),
    "unknown_parameter": (400, "There is no such parameter"),
    "unsupported_parameter": (400, "The node does not do this"),
    "context_length_exceeded": (400, "The prompt is too long for the model"),
    "model_unfit": (400, "The model is not for this"),
    "unreadable_audio": (400, "The file cannot be heard"),
    "audio_too_long": (400, "The recording is too long"),
    "bad_request": (400, "The request cannot be understood"),
    "unauthorized": (401, "The key is missing, or does not count here"),
    "bad_referral": (401, "The router's referral does not count here"),
    "budget_spent": (402, "The key has no credit left"),
    "forbidden": (403, "The key is not for this"),
    "bad_ticket": (403, "The ticket proves nothing here"),
    "not_found": (404, "There is nothing here"),
    "model_not_found": (404, "There is no such model on this node"),
    "method_not_allowed": (405, "This is asked for in another way"),
    "body_too_slow": (408, "The body did not arrive in time"),
    "expectation_failed": (417, "The node does not do what is expected first"),
    "body_too_large": (413, "The body is too large"),
    "unsupported_media_type": (415, "The body is of a type that the node does not read"),
    "rate_limited": (429, "The key is used too often"),
    "over_capacity": (429, "The node is full"),
    "internal": (500, "The node has a defect"),
    "engine_failed": (502, "The model failed"),
    "starting": (503, "The model is not ready"),
    "draining": (503, "The node is shutting down"),
    "engine_unavailable": (503, "The engine cannot be reached"),
    "engine_silent": (504, "The model went silent"),
}
"""Code → HTTP status and title. What programs branch on is the code."""

ELSEWHERE = frozenset({"over_capacity", "starting", "draining", "engine_unavailable"})
"""What another node may well be spared."""


@dataclass(frozen=True, slots=True)
class Fail:
    """One problem to be told."""

    code: str
    detail: str
    param: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """Its HTTP status."""
        return CATALOGUE[self.code][0]

    def shape(self) -> Problem:
        """Its wire shape."""
        status, title = CATALOGUE[self.code]
        return Problem.model_validate(members(status, self.code, title, self.detail, self.param))

    def response(self) -> web.Response:
        """As an answer."""
        body = self.shape().model_dump_json()
        return web.Response(text=body, status=self.status, content_type=CONTENT_TYPE, headers=self.headers)


class Failed(Exception):  # noqa: N818 - reads as what happened: "raise Failed(...)"
    """Ends a request with a `Fail`."""

    def __init__(
        self, code: str, detail: str, param: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.fail = Fail(code, detail, param, headers or {})


def refusal(refused: Refusal) -> Fail:
    """How a request that is not taken is told.

    A full node says "do not retry here": the plain SDK then fails in 0.1 s and not in 6 s, and ours walks on to the
    next region. A node that starts or drains says "retry": through the router a retry finds another node (it has
    looked again within two seconds), and on a restart even the same address is soon right.
    """
    match refused.reason:
        case Reason.FULL | Reason.LATE:
            return Fail("over_capacity", refused.detail, headers=_retry(refused.retry_after, here=False))
        case Reason.STARTING:
            return Fail("starting", refused.detail, headers=_retry(refused.retry_after, here=True))
        case Reason.DRAINING:
            return Fail("draining", refused.detail, headers=_retry(refused.retry_after, here=True))
        case _:
            assert_never(refused.reason)


def denial(denied: Denied) -> Fail:
    """How it is told that a key does not do. A key that is used too often is told to come back, a guess is not."""
    match denied.denial:
        case Denial.UNKNOWN:
            return Fail("unauthorized", denied.detail, headers={"WWW-Authenticate": "Bearer"})
        case Denial.FORBIDDEN:
            return Fail("forbidden", denied.detail, denied.param)
        case Denial.SPENT:
            return Fail("budget_spent", denied.detail, headers={"x-should-retry": "false"})
        case Denial.TOO_OFTEN:
            return Fail("rate_limited", denied.detail, headers=_retry(denied.wait, here=True))
        case Denial.GUESSED:
            return Fail("rate_limited", denied.detail, headers=_retry(denied.wait, here=False))
        case Denial.MISLED:
            return Fail("bad_referral", denied.detail)
        case _:
            assert_never(denied.denial)


def referred(fail: Fail) -> Fail:
    """*fail* for a client that a router sent: its next try begins at the router, which then finds another node.

    What OpenAI's clients read is for them; ``Retry-After`` still says when there is room here.
    """
    if fail.code not in ELSEWHERE:
        return fail
    return replace(fail, headers={**fail.headers, "x-should-retry": "true", "retry-after-ms": "20"})


def engine(error: EngineError) -> Fail:
    """How a failure of the engine is told."""
    match error.fault:
        case Fault.TOO_LONG:
            return Fail("context_length_exceeded", error.detail, "messages")
        case Fault.REFUSED:
            return Fail("bad_request", error.detail)
        case Fault.UNREACHABLE | Fault.DRAINING | Fault.DEAD | Fault.UNKNOWN_MODEL:
            return Fail("engine_unavailable", error.detail, headers=_retry(Seconds(1.0), here=True))
        case Fault.SILENT:
            return Fail("engine_silent", error.detail, headers={"x-should-retry": "true"})
        case Fault.BROKEN:
            return Fail("engine_failed", error.detail, headers={"x-should-retry": "false"})
        case _:
            assert_never(error.fault)


def _retry(after: Seconds, *, here: bool) -> dict[str, str]:
    """OpenAI's clients read the milliseconds first; whole seconds are for the others, and never too soon."""
    return {
        "Retry-After": str(max(1, ceil(after))),
        "retry-after-ms": str(round(millis(after))),
        "x-should-retry": "true" if here else "false",
    }
