"""``multipart/form-data`` with limits: few parts, short headers, and no step that takes long.

aiohttp's own reader stalls for seconds on 20,000 parts, and answers 500 to many headers or to a boundary that never
comes. This one has the whole body (which is bounded) and finds the boundaries in it: a few searches, each in memory.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

from node_agent.api.problems import Failed

MOST_PARTS = 16
MOST_HEADERS = 8
LONGEST_HEADERS = 8 << 10
"""Bytes of all headers of a part."""

LONGEST_BOUNDARY = 70
"""RFC 2046, section 5.1.1."""

WINDOW = 4 << 20
"""Bytes searched before others have their turn: at worst 12 ms."""

BOUNDARY = re.compile(rb"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
PARAMETER = re.compile(r'\s*;\s*([0-9A-Za-z!#$%&\'*+.^_`|~-]{1,64})=(?:"((?:[^"\\]|\\.)*)"|([^;"\s]*))')
PLAIN = ("7bit", "8bit", "binary")
"""Transfer encodings that encode nothing; HTTP has no use for the others."""


@dataclass(frozen=True, slots=True)
class FormPart:
    """One field of a form. What a file was called, and which type it is said to have, is not kept."""

    name: str
    content: memoryview


async def parts_of(body: bytearray, boundary: bytes) -> Sequence[FormPart]:
    """The parts of *body*. Raises `Failed`."""
    if not BOUNDARY.fullmatch(boundary):
        raise Failed("bad_request", "the Content-Type names no boundary of 1 to 70 characters")
    found, whole = list[FormPart](), memoryview(body).toreadonly()
    async for start, end in _between(body, b"--" + boundary):
        if len(found) == MOST_PARTS:
            raise Failed("body_too_large", f"a form has at most {MOST_PARTS} parts")
        found.append(_part(whole[start:end]))
    return found


async def _between(body: bytearray, delimiter: bytes) -> AsyncIterator[tuple[int, int]]:
    """Where each part is: after a line that is the delimiter, before the line end of the next."""
    place = 0 if body.startswith(delimiter) else await _find(body, b"\r\n" + delimiter, 0)
    place += 0 if place == 0 and body.startswith(delimiter) else 2
    while not body.startswith(b"--", after := place + len(delimiter)):
        start = _line_end(body, after)
        end = await _find(body, b"\r\n" + delimiter, start - 2)
        yield start, max(start, end)
        place = end + 2


async def _find(body: bytearray, needle: bytes, start: int) -> int:
    """Where *needle* is next. Raises `Failed` if it is nowhere: the form is cut off."""
    while start < len(body):
        place = body.find(needle, start, start + WINDOW + len(needle))
        if place >= 0:
            return place
        start += WINDOW
        await asyncio.sleep(0)
    raise Failed("bad_request", "the form ends before its last boundary, or has none")


def _line_end(body: bytearray, place: int) -> int:
    """What comes after the delimiter's line, which may be padded with spaces."""
    end = body.find(b"\r\n", place, place + LONGEST_BOUNDARY)
    if end < 0 or body[place:end].strip(b" \t"):
        raise Failed("bad_request", "a boundary of the form is followed by something else")
    return end + 2


def _part(part: memoryview) -> FormPart:
    head = bytes(part[: LONGEST_HEADERS + 4])
    if head.startswith(b"\r\n"):
        raise Failed("bad_request", "a part of the form has no headers")
    length = head.find(b"\r\n\r\n")
    if length < 0:
        code = "bad_request" if len(part) <= LONGEST_HEADERS else "body_too_large"
        raise Failed(code, f"the headers of a part must end, within {LONGEST_HEADERS} bytes")
    return FormPart(_name(dict(_headers(head[:length]))), part[length + 4 :])


def _headers(head: bytes) -> Iterator[tuple[str, str]]:
    lines = head.split(b"\r\n", MOST_HEADERS)
    if len(lines) > MOST_HEADERS:
        raise Failed("body_too_large", f"a part has at most {MOST_HEADERS} headers")
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon:
            raise Failed("bad_request", "a header of a part has no colon")
        yield name.strip().lower().decode("latin-1"), value.strip().decode("utf-8", "replace")


def _name(headers: dict[str, str]) -> str:
    if headers.get("content-transfer-encoding", "binary").lower() not in PLAIN:
        raise Failed("bad_request", "a part is encoded: Content-Transfer-Encoding is not for HTTP")
    disposition, _, rest = headers.get("content-disposition", "").partition(";")
    names = [quoted or bare for name, quoted, bare in _parameters(f";{rest}") if name.lower() == "name"]
    if disposition.strip().lower() != "form-data" or len(names) != 1:
        raise Failed("bad_request", "a part's Content-Disposition is not form-data with one name")
    return names[0]


def _parameters(text: str) -> Iterator[tuple[str, str, str]]:
    """One after the other, so that a name inside a quoted file name is not taken for one."""
    place = 0
    while match := PARAMETER.match(text, place):
        yield match[1], match[2] or "", match[3] or ""
        place = match.end()
