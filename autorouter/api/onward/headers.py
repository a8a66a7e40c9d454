"""Which headers go on, in either direction: those of the message, never those of the connection (RFC 9110, 7.6.1)."""

import re
from collections.abc import Iterable

from multidict import CIMultiDict, CIMultiDictProxy

Headers = CIMultiDictProxy[str]

OF_THE_CONNECTION = frozenset(
    {"connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization", "te", "trailer",
     "transfer-encoding", "upgrade"}
)  # fmt: skip

NOT_ASKED = frozenset(
    {"host", "expect", "content-length", "cookie", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto",
     "forwarded", "x-real-ip", "cf-connecting-ip", "true-client-ip"}
)  # fmt: skip
"""Written anew, or not the node's business."""

NOT_ANSWERED = frozenset({"set-cookie"})
"""A node's cookies would be the router's own, for every node and every path."""

UNSOUND = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

VIA = "1.1 autorouter"


def asked(headers: Headers, address: str | None) -> CIMultiDict[str]:
    """*headers* as the node gets them. That a proxy asks is said, so that it is not taken for the client."""
    told = _without(headers, NOT_ASKED)
    told["Via"] = VIA
    told["X-Forwarded-For"] = address or "unknown"
    return told


def answered(headers: Headers) -> CIMultiDict[str]:
    """*headers* as the client gets them."""
    return _without(headers, NOT_ANSWERED)


def is_sound(headers: Headers) -> bool:
    """Whether they can be written: aiohttp reads control characters from nodes, and writes none."""
    text = "".join(name + value for name, value in headers.items())
    return UNSOUND.search(text) is None


def _without(headers: Headers, more: frozenset[str]) -> CIMultiDict[str]:
    dropped = OF_THE_CONNECTION | more | _named(headers.getall("Connection", ()))
    return CIMultiDict((name, value) for name, value in headers.items() if name.lower() not in dropped)


def _named(connection: Iterable[str]) -> frozenset[str]:
    return frozenset(each.strip().lower() for line in connection for each in line.split(","))


def plain(text: str) -> str:
    """*text* as a header can hold it."""
    return "".join(letter for letter in text if letter.isascii() and letter.isprintable())[:256]
