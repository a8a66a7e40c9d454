"""Bodies into shapes, strictly: whatever is wrong is named, and nothing is guessed."""

import asyncio
import gc
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import NoReturn, TypeVar

from aiohttp import web
from aiohttp.http_exceptions import ContentEncodingError
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from node_agent.api.problems import Failed

LARGEST_BODY = 1 << 20
"""Bytes of a JSON body: a prompt that fills a context of 128k tokens takes about half of it."""

LONGEST_ARRIVAL_S = 30.0
"""For a whole body: 1 MiB on a bad mobile link takes about ten."""

ENCODINGS = ("identity", "gzip", "deflate")
"""What the node can decompress; never beyond `LARGEST_BODY`."""

LINGER_S = 0.25
"""How long a compressed body is read after it was refused: 500 KiB that become 512 MiB take 0.1 s."""

LARGE = 65_536
"""Bytes of a body that is parsed in a thread: a MiB of small objects takes 60 ms, and others have turns meanwhile."""

HALF_OF_A_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
"""Only as an escape can half of a surrogate pair be in what is UTF-8."""

DEEPEST = 8
"""Parts of a path that are told; what is at fault is never that deep in a body of ours."""

MOST_NAMES = 1024
"""In one object. Each that is unknown becomes an error to be told, and a hundred thousand took half a second."""

LARGEST_SHOWN = 10**20

Shape = TypeVar("Shape", bound=BaseModel)


async def read(request: web.Request, shape: type[Shape]) -> Shape:
    """The body as *shape*. Raises `Failed` naming the parameter that is wrong."""
    if request.content_type != "application/json":
        raise Failed("unsupported_media_type", f"expected application/json, found {request.content_type[:80]}")
    async with arrival(request, LONGEST_ARRIVAL_S):
        body = await request.read()
    return shaped(parse(body) if len(body) < LARGE else await asyncio.to_thread(parse, body), shape)


def shaped(parsed: object, shape: type[Shape]) -> Shape:
    """Parsed JSON as *shape*. Raises `Failed` naming the parameter that is wrong."""
    if not isinstance(parsed, dict):
        raise Failed("invalid_json", f"the body must be a JSON object, found {_kind(parsed)}")
    try:
        return shape.model_validate(parsed)
    except ValidationError as exc:
        raise _named(exc.errors(include_url=False)[0]) from exc


@asynccontextmanager
async def arrival(request: web.Request, longest: float) -> AsyncIterator[None]:
    """Read the body in the block, in *longest* seconds. Raises `Failed` if it does not arrive as its headers say."""
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding not in ENCODINGS:
        raise Failed("unsupported_media_type", f"expected a body without Content-Encoding, found {encoding[:80]}")
    try:
        async with asyncio.timeout(longest):
            yield
    except (web.RequestPayloadError, ContentEncodingError) as exc:
        raise Failed("bad_request", "the body is not what its headers say: its encoding or its length") from exc
    except TimeoutError as exc:
        raise Failed("body_too_slow", f"the body did not arrive within {longest:g} s") from exc


async def abandon(request: web.Request) -> None:
    """Leave what was not read of a compressed body, soon.

    aiohttp reads on for 10 s after its answer, so that a client that still sends gets to see it, and unpacks all of
    that without a pause: 20 MiB that become 20 GiB stopped the loop for a second and a half at a time.
    """
    if not is_packed_still(request):
        return
    with suppress(TimeoutError, web.RequestPayloadError, ContentEncodingError):
        async with asyncio.timeout(LINGER_S):
            while not request.content.at_eof():
                await request.content.readany()
                await asyncio.sleep(0)
    if not request.content.at_eof():
        request.content.set_exception(TimeoutError())  # which is how aiohttp's own reading on ends


def is_packed_still(request: web.Request) -> bool:
    """True if some of the body is compressed and was not read: its connection ends with the answer."""
    return "Content-Encoding" in request.headers and not request.content.at_eof()


def parse(body: bytes) -> object:
    """JSON as RFC 8259 has it: UTF-8, no NaN or Infinity, no half of a surrogate pair, no bottomless nesting."""
    try:
        with _no_collection():
            parsed: object = json.loads(body.decode(), parse_constant=_refuse_constant, object_pairs_hook=_object)
        if HALF_OF_A_PAIR.search(body):
            json.dumps(parsed, ensure_ascii=False).encode("utf-8")  # half of a pair cannot be written
    except RecursionError as exc:
        raise Failed("invalid_json", "the body is nested too deeply") from exc
    except UnicodeError as exc:
        raise Failed("invalid_json", "the body is not UTF-8 text") from exc
    except ValueError as exc:
        raise Failed("invalid_json", f"the body is not JSON: {str(exc)[:160]}") from exc
    return parsed


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let no garbage be collected: what is being made is none, and with many lists it would be looked at often.

    Of 116 ms for a MiB of empty lists, 100 were that.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _object(members: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose names are all different: of two that are not, each reader may believe another one."""
    if len(members) > MOST_NAMES:
        raise ValueError(f"an object has more than {MOST_NAMES} names")
    found = dict(members)
    if len(found) < len(members):
        raise ValueError("a name is in one object twice")
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON value")


def _named(error: ErrorDetails) -> Failed:
    """Pydantic's first finding as a problem. Its ``msg`` is for people; what was found is shown, shortened."""
    param = _path(error["loc"])
    match error["type"]:
        case "missing":
            return Failed("missing_parameter", f"'{param}' is required", param)
        case "extra_forbidden":
            return Failed("unknown_parameter", f"'{param}' is not a parameter of this endpoint", param)
        case "unsupported":
            return Failed("unsupported_parameter", error["msg"], _path((*error["loc"], error["ctx"]["param"])))
        case _:
            found = _shown(error["input"])
            return Failed("invalid_value", f"'{param}': {error['msg']}, found {found}", param)


def _path(location: tuple[int | str, ...]) -> str:
    """``messages[0].content``. Names that pydantic gives to the arms of a union are not the caller's, and go.

    >>> _path(("messages", 0, "content"))
    'messages[0].content'
    """
    text = ""
    for part in location[:DEEPEST]:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.replace("_", "").isalnum() and len(part) <= 64:
            text += f".{part}" if text else part
    return text or "body"


def _shown(found: object) -> str:
    match found:
        case None | bool() | float():
            return json.dumps(found)
        case int():
            return str(found) if abs(found) < LARGEST_SHOWN else "a number of many digits"
        case str():
            return f"{found!r:.60}"
        case _:
            return _kind(found)


def _kind(found: object) -> str:
    match found:
        case dict():
            return "an object"
        case list():
            return "a list"
        case str():
            return "a string"
        case None:
            return "null"
        case _:
            return "a number or a boolean"
