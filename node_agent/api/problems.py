"""Every error that a client can get, in one table, and the one way to say it (see `autorouter.wire.problem`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from aiohttp import web

from autorouter.wire.header import ALLOW, AUTHENTICATE, RETRY, SHOULD_RETRY, retry
from autorouter.wire.problem import CONTENT_TYPE, Kind, Problem, members
from node_agent.core.errors import Denial, Denied, EngineError, Fault, Reason, Refusal
from node_agent.core.units import Seconds

WILL = (SHOULD_RETRY,)

CATALOGUE: Mapping[str, Kind] = {
    "invalid_json": Kind(400, "The body is not JSON", "Send what RFC 8259 calls JSON, in UTF-8."),
    "invalid_value": Kind(400, "A parameter has a wrong value", "Send what the message says was expected."),
    "missing_parameter": Kind(400, "A parameter is missing", "Send the parameter that `error.param` names."),
    "unknown_parameter": Kind(400, "There is no such parameter", "Check its spelling, or leave it out."),
    "unsupported_parameter": Kind(
        400, "The node does not do this", "Leave the parameter out that `error.param` names."
    ),
    "context_length_exceeded": Kind(400, "The prompt is too long for the model", "Shorten it, or ask for less."),
    "model_unfit": Kind(400, "The model is not for this", "Ask for one of those that the message names."),
    "unreadable_audio": Kind(400, "The file cannot be heard", "Send one of the formats in docs/audio.md."),
    "audio_too_long": Kind(400, "The recording is too long", "Cut it, or send it as a job."),
    "bad_request": Kind(400, "The request cannot be understood", "Send well-formed HTTP."),
    "unauthorized": Kind(
        401,
        "The key is missing, or does not count here",
        "Send `Authorization: Bearer <key>`.",
        headers=(AUTHENTICATE,),
    ),
    "bad_referral": Kind(401, "The router's referral does not count here", "Ask the router again, not this node."),
    "budget_spent": Kind(402, "The key has no credit left", "Have its operator raise the budget.", headers=WILL),
    "forbidden": Kind(403, "The key is not for this", "Use a key for this model, region and scope."),
    "bad_ticket": Kind(403, "The ticket proves nothing here", "Ask the router again: a ticket holds for a minute."),
    "not_found": Kind(404, "There is nothing here", "GET /openapi.json lists what there is."),
    "model_not_found": Kind(404, "There is no such model on this node", "Ask the router which region has it."),
    "method_not_allowed": Kind(
        405, "This is asked for in another way", "Use a method that the Allow header names.", headers=(ALLOW,)
    ),
    "body_too_slow": Kind(408, "The body did not arrive in time", "Send it again, or less of it."),
    "expectation_failed": Kind(
        417, "The node does not do what is expected first", "Expect 100-continue, or nothing."
    ),
    "body_too_large": Kind(413, "The body is too large", "Send less at once."),
    "unsupported_media_type": Kind(
        415, "The body is of a type that the node does not read", "Send what was expected."
    ),
    "rate_limited": Kind(429, "The key is used too often", "Come back after `retry-after-ms`.", headers=RETRY),
    "over_capacity": Kind(429, "The node is full", "Go to the next region that the router named.", headers=RETRY),
    "internal": Kind(500, "The node has a defect", "Tell its operator the X-Request-Id."),
    "engine_failed": Kind(502, "The model failed", "Ask for something else: again, it fails again.", headers=WILL),
    "starting": Kind(503, "The model is not ready", "Come back after `retry-after-ms`.", headers=RETRY),
    "draining": Kind(503, "The node is shutting down", "Go to the next region that the router named.", headers=RETRY),
    "engine_unavailable": Kind(
        503, "The engine cannot be reached", "Come back after `retry-after-ms`.", headers=RETRY
    ),
    "engine_silent": Kind(504, "The model went silent", "Ask again.", headers=WILL),
}
"""By code, which is what programs branch on."""

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
        return CATALOGUE[self.code].status

    def shape(self) -> Problem:
        """Its wire shape."""
        return Problem.model_validate(members(self.code, CATALOGUE[self.code], self.detail, self.param))

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
            return Fail("over_capacity", refused.detail, headers=retry(refused.retry_after, here=False))
        case Reason.STARTING:
            return Fail("starting", refused.detail, headers=retry(refused.retry_after, here=True))
        case Reason.DRAINING:
            return Fail("draining", refused.detail, headers=retry(refused.retry_after, here=True))
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
            return Fail("rate_limited", denied.detail, headers=retry(denied.wait, here=True))
        case Denial.GUESSED:
            return Fail("rate_limited", denied.detail, headers=retry(denied.wait, here=False))
        case Denial.MISLED:
            return Fail("bad_referral", denied.detail, denied.param)
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
            return Fail("engine_unavailable", error.detail, headers=retry(Seconds(1.0), here=True))
        case Fault.SILENT:
            return Fail("engine_silent", error.detail, headers={"x-should-retry": "true"})
        case Fault.BROKEN:
            return Fail("engine_failed", error.detail, headers={"x-should-retry": "false"})
        case _:
            assert_never(error.fault)
