"""A form with a file in it, out of a request's body: bounded in size and in time."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web
from aiohttp.helpers import parse_mimetype

from node_agent.api.multipart import FormPart, parts_of
from node_agent.api.problems import Failed
from node_agent.api.reading import arrival
from node_agent.audio.room import Share

LARGEST_FORM = (25 << 20) + (64 << 10)
"""Bytes: 25 MiB of sound, as OpenAI takes, and what is around it."""

LONGEST_TEXT = 16 << 10
"""Bytes of one text field: a prompt of more than Whisper reads."""

LONGEST_ARRIVAL_S = 120.0
"""For a whole form: 25 MiB over a mobile link of 2 Mbit/s take 105."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a client filled in."""

    fields: Mapping[str, Sequence[str]]
    """By name; several of one name in their order."""
    file: memoryview
    size: int
    """Bytes of all of it."""


async def read_form(request: web.Request, share: Share) -> Form:
    """The form in *request*, whose size *share* is charged with. Raises `Failed`, `Refused`."""
    mime = parse_mimetype(request.headers.get("Content-Type", ""))
    if (mime.type, mime.subtype) != ("multipart", "form-data"):
        raise Failed("unsupported_media_type", f"expected multipart/form-data, found {request.content_type[:80]}")
    boundary = mime.parameters.get("boundary", "").encode("latin-1", "replace")
    async with arrival(request, LONGEST_ARRIVAL_S):
        body = await _body(request, share)
    return _form(await parts_of(body, boundary), len(body))


async def _body(request: web.Request, share: Share) -> bytearray:
    if (request.content_length or 0) > LARGEST_FORM:
        raise _too_large()
    body = bytearray()
    async for chunk in request.content.iter_any():
        if len(body) + len(chunk) > LARGEST_FORM:
            raise _too_large()
        share.grow(len(chunk))
        body += chunk
        await asyncio.sleep(0)  # what is decompressed is there at once: 25 MiB of it would take 70 ms in a row
    return body


def _too_large() -> Failed:
    return Failed("body_too_large", "a recording has at most 25 MiB")


def _form(parts: Sequence[FormPart], size: int) -> Form:
    files = [part.content for part in parts if part.name == "file"]
    if not files:
        raise Failed("missing_parameter", "'file' is required", "file")
    if len(files) > 1:
        raise Failed("invalid_value", "'file' is given several times", "file")
    fields: dict[str, list[str]] = {}
    for part in parts:
        if part.name != "file":
            fields.setdefault(part.name, []).append(_text(part))
    return Form(fields, files[0], size)


def _text(part: FormPart) -> str:
    param = part.name if part.name.isidentifier() and len(part.name) <= 64 else "body"
    if len(part.content) > LONGEST_TEXT:
        raise Failed("invalid_value", f"'{param}' has more than {LONGEST_TEXT} bytes", param)
    try:
        return bytes(part.content).decode("utf-8")
    except UnicodeError as exc:
        raise Failed("invalid_value", f"'{param}' is not UTF-8 text", param) from exc
