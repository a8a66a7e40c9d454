"""A request to be sent on: read as far as the model that it is for, kept as far as it may have to be sent again."""

import asyncio
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.message import Message
from typing import Annotated

from aiohttp import web
from pydantic import Field, ValidationError

from autorouter.api.onward.form import FormScan
from autorouter.api.onward.paths import Body, Path
from autorouter.api.onward.room import Share
from autorouter.api.problems import ProblemError, refuse
from autorouter.core.units import Seconds
from autorouter.wire.base import Wire

KEPT = 1 << 20
"""Bytes of a form that are kept so that it can be sent again; the rest of a longer one flows by."""

PIECE = 64 << 10


class Asked(Wire):
    """All that a router reads of a body."""

    model: Annotated[str, Field(max_length=256)] | None = None


@dataclass(slots=True)
class Letter:
    """What a request holds. `head` is all of it, unless there is a `rest`, which can be read once."""

    model: str | None
    head: bytes = b""
    rest: AsyncIterator[bytes] | None = None
    is_spent: bool = False
    """Something of the rest was read: it cannot be sent again."""
    fault: ProblemError | None = None
    """What is wrong with the rest, once that is seen."""

    async def whole(self) -> AsyncIterator[bytes]:
        """The head, in pieces, and the rest as it comes."""
        for start in range(0, len(self.head), PIECE):
            yield self.head[start : start + PIECE]
        if self.rest is None:
            return
        self.is_spent = True
        async for chunk in self.rest:
            yield chunk


async def read(request: web.Request, path: Path, share: Share, *, model: str | None, keep: bool) -> Letter:
    """The letter in *request*, whose *model* may be known from elsewhere. All of it has come if nothing is to *keep*.

    Raises `ProblemError` for what is too large or too slow.
    """
    if (request.content_length or 0) > path.most:
        raise _too_large(path)
    if path.body is Body.JSON:
        return await _read_json(request, path, share)
    scan = FormScan(_boundary(request, model))
    reading = _Reading(request, path, share)
    return await (reading.kept(scan, model) if keep else reading.skimmed(scan, model))


async def _read_json(request: web.Request, path: Path, share: Share) -> Letter:
    body = bytearray()
    async with arriving(path.longest):
        async for chunk in request.content.iter_any():
            if len(body) + len(chunk) > path.most:
                raise _too_large(path)
            share.grow(len(chunk))
            body += chunk
    return Letter(_model(bytes(body), request.headers.get("Content-Encoding", "identity"), path.most), bytes(body))


def _model(body: bytes, encoding: str, most: int) -> str | None:
    """The model that *body* asks for. None where it cannot be read: the node says why."""
    try:
        return Asked.model_validate_json(body if encoding == "identity" else _unpacked(body, most)).model
    except (ValidationError, zlib.error):
        return None


def _unpacked(body: bytes, most: int) -> bytes:
    """Of what was packed by gzip or deflate as much as a node would read, and no more."""
    return zlib.decompressobj(wbits=47).decompress(body, most)


class _Reading:
    """Of one form."""

    def __init__(self, request: web.Request, path: Path, share: Share) -> None:
        self._content = request.content
        self._length = request.content_length
        self._path = path
        self._share = share
        self._size = 0

    async def skimmed(self, scan: FormScan, model: str | None) -> Letter:
        """All of it, of which nothing is kept."""
        async with arriving(self._path.longest):
            async for chunk in self._chunks():
                scan.feed(chunk)
        return Letter(model or scan.model)

    async def kept(self, scan: FormScan, model: str | None) -> Letter:
        """As much as is needed to know the model, and `KEPT` bytes at least."""
        head = bytearray()
        async with arriving(self._path.longest):
            async for chunk in self._chunks():
                self._share.grow(len(chunk))
                head += chunk
                scan.feed(chunk)
                if len(head) > KEPT and (model or scan.over) and self._size != self._length:
                    return self._flowing(Letter(model or scan.model, bytes(head)))
        return Letter(model or scan.model, bytes(head))

    def _flowing(self, letter: Letter) -> Letter:
        letter.rest = self._rest(letter)
        return letter

    async def _rest(self, letter: Letter) -> AsyncIterator[bytes]:
        """Read by another task than the request's: one deadline for all of it, armed anew for each chunk."""
        until = asyncio.get_running_loop().time() + self._path.longest
        chunks = self._chunks()
        while True:
            try:
                async with asyncio.timeout_at(until):
                    chunk = await anext(chunks, b"")
            except TimeoutError as exc:
                letter.fault = late(self._path.longest)
                raise letter.fault from exc
            except ProblemError as exc:
                letter.fault = exc
                raise
            if not chunk:
                return
            yield chunk

    async def _chunks(self) -> AsyncIterator[bytes]:
        async for chunk in self._content.iter_any():
            self._size += len(chunk)
            if self._size > self._path.most:
                raise _too_large(self._path)
            yield chunk


@asynccontextmanager
async def arriving(longest: Seconds) -> AsyncIterator[None]:
    """Read in the block. Raises `ProblemError` if that takes longer than *longest*, or is broken off."""
    try:
        async with asyncio.timeout(longest):
            yield
    except TimeoutError as exc:
        raise late(longest) from exc
    except web.RequestPayloadError as exc:
        raise refuse("bad_request", "the body is not what its headers say: its encoding or its length") from exc


def late(longest: Seconds) -> ProblemError:
    """For a body that takes too long, to be raised."""
    return refuse("body_too_slow", f"the body did not arrive within {longest:g} s")


def _too_large(path: Path) -> ProblemError:
    return refuse("body_too_large", f"this path takes {path.most} bytes at most")


def _boundary(request: web.Request, model: str | None) -> bytes:
    """Empty if there is nothing to look for: the model is known, or this is no form, which the node will say."""
    if model is not None:
        return b""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise refuse(
            "unsupported_media_type", "a form must not be compressed, or its model stand in the query", "model"
        )
    told = Message()
    told["Content-Type"] = request.headers.get("Content-Type", "")
    found = told.get_boundary("") if told.get_content_type() == "multipart/form-data" else ""
    return str(found).encode("latin-1", "replace")[:70]
