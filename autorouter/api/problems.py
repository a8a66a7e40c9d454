"""What a client can get wrong, and what can be wrong with the world: one catalogue, one error shape.

`PROBLEMS` is the closed set of codes; programs branch on them, metrics count them, the documentation lists them.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from aiohttp import web

from autorouter.wire.header import ALLOW, AUTHENTICATE, RETRY, RETRY_AFTER
from autorouter.wire.problem import CONTENT_TYPE, Kind, Problem, members
from autorouter.wire.route import NoRegionProblem, UnknownModelProblem

MOST_NAMED = 100
"""Models listed in a 404 …"""

FEW = 8
"""… and so many in its sentence, for OpenAI's clients show nothing else of it."""

PROBLEMS: Mapping[str, Kind] = MappingProxyType(
    {
        "unknown_parameter": Kind(400, "Unknown parameter", "Check its spelling against the API reference."),
        "invalid_parameter": Kind(400, "Invalid parameter", "Send what the message says was expected."),
        "invalid_body": Kind(400, "Invalid body", "Send what the message says was expected."),
        "body_too_large": Kind(413, "Body too large", "Send less at once."),
        "body_too_slow": Kind(408, "Body too slow", "Send it again, over a better line."),
        "unsupported_media_type": Kind(415, "Unsupported encoding", "Send the form without Content-Encoding."),
        "rtt_refused": Kind(422, "Round trips refused", "Report only what this client measured itself."),
        "not_found": Kind(404, "No such path", "GET /v1/route, /v1/regions, /v1/models."),
        "model_not_found": Kind(404, "No such model", "Ask for one of `models`.", UnknownModelProblem),
        "method_not_allowed": Kind(
            405, "Method not allowed", "Use a method that the Allow header names.", headers=(ALLOW,)
        ),
        "bad_request": Kind(400, "Bad request", "Send well-formed HTTP."),
        "job_not_found": Kind(404, "No such job", "Ask by the id that the 202 gave."),
        "no_eligible_region": Kind(
            503, "No eligible region", "Each region's reason is in `rejected`.", NoRegionProblem, RETRY
        ),
        "overloaded": Kind(
            503,
            "All regions are full",
            "Ask again after `Retry-After` seconds; batch waits first.",
            NoRegionProblem,
            RETRY,
        ),
        "unauthorized": Kind(
            401, "A key is wanted", "Show a key of the scope admin as a bearer token.", headers=(AUTHENTICATE,)
        ),
        "forbidden": Kind(403, "Not allowed", "Ask as the user that runs the router, from no browser."),
        "misdirected": Kind(421, "Another host", "Call the admin API localhost, 127.0.0.1 or [::1]."),
        "too_many_guesses": Kind(
            429, "Too many wrong keys", "Ask again after `Retry-After` seconds.", headers=(RETRY_AFTER,)
        ),
        "unknown_target": Kind(404, "No such region or node", "Name one that GET /v1/regions lists."),
        "nothing_left": Kind(409, "Too much would be lost", "Say `force` if that is what you want."),
        "holds_unavailable": Kind(503, "Holds cannot be kept", "Ask again when the store is back; holds stand."),
        "router_busy": Kind(
            503, "The router is busy", "Ask again after `Retry-After` seconds, or follow redirects.", headers=RETRY
        ),
        "nodes_unreachable": Kind(
            503, "No node answered", "Ask again: the router is looking at them.", headers=RETRY
        ),
        "internal_error": Kind(500, "Internal error", "Tell the operator the X-Request-Id."),
    }
)


class ProblemError(Exception):
    """A request ends in a problem."""

    def __init__(self, problem: Problem, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(problem.detail)
        self.problem = problem
        self.headers = dict(headers or {})


def refuse(code: str, detail: str, param: str | None = None) -> ProblemError:
    """The problem *code* with its *detail*, to be raised."""
    return ProblemError(Problem.model_validate(about(code, detail, param)))


def no_such_model(detail: str, there: Sequence[str]) -> ProblemError:
    """A model is asked for that is not among those that are *there*."""
    some = (
        f"; there are: {', '.join(there[:FEW])}{', …' if len(there) > FEW else ''}" if there else "; there are none"
    )
    told = about("model_not_found", detail + some, "model")
    return ProblemError(UnknownModelProblem.model_validate({**told, "models": tuple(there[:MOST_NAMED])}))


def about(code: str, detail: str, param: str | None = None) -> dict[str, object]:
    """The members that every problem of *code* has."""
    return members(code, PROBLEMS[code], detail, param)


def response(error: ProblemError) -> web.Response:
    """*error* as it goes out."""
    return web.Response(
        status=error.problem.status,
        body=error.problem.model_dump_json(exclude_unset=True).encode(),
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store", **error.headers},
    )
