"""Operations and what answers them: which one a request asks for, and whether it takes what the request says."""

from collections.abc import Awaitable, Callable, Sequence
from re import compile as pattern

from aiohttp import web
from aiohttp.typedefs import Handler

from autorouter.wire.operation import Operation
from node_agent.api.problems import Failed

SAFE = pattern(r"[A-Za-z0-9._:/+=@-]{1,128}")
"""A name that may be told back and logged."""

OPERATIONS = web.AppKey("operations", dict[tuple[str, str], Operation])
"""By method and path."""

Bound = tuple[Operation, Handler]
Expect = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


def bind(application: web.Application, bound: Sequence[Bound], expect: Expect) -> None:
    """Have each operation answered by its handler. *expect* answers who waits for "100 Continue"."""
    table: dict[tuple[str, str], Operation] = {(each.method, each.path): each for each, _ in bound}
    application[OPERATIONS] = table
    for operation, handler in bound:
        application.router.add_route(operation.method, operation.path, handler, expect_handler=expect)
        if operation.method == "GET":
            application.router.add_route("HEAD", operation.path, handler)


def operation_of(request: web.Request) -> Operation | None:
    """What *request* asks for; None: nothing that there is."""
    resource = request.match_info.route.resource
    if resource is None:
        return None
    method = "GET" if request.method == "HEAD" else request.method
    return request.app[OPERATIONS].get((method, resource.canonical))


def require_known(request: web.Request) -> None:
    """Raises `Failed` for what its operation does not take: nothing that is asked for is ignored."""
    operation = operation_of(request)
    if operation is None or not request.query_string:
        return
    names = [name for name, _ in request.query.items()]
    if (unknown := operation.unknown(names)) is not None:
        param = unknown if SAFE.fullmatch(unknown) else "query"
        raise Failed(
            "unknown_parameter", f"'{param}' is not a query parameter of {operation.method} {operation.path}", param
        )
    if (beyond := operation.beyond(names)) is not None:
        raise Failed("invalid_value", f"'{beyond.name}' is given several times", beyond.name)
