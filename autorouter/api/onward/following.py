"""Whose client goes where it is sent, with all that it sent here. Who does not is relayed."""

import re
from collections.abc import Mapping

CANNOT_FOLLOW = "polargrid-python-sdk/"
"""PolarGrid's client takes a redirect for an answer."""

TRIES = "x-stainless-retry-count"
"""OpenAI's clients count here. One that comes again was failed by the node that it was sent to: this time the router
goes itself, and on to the next one."""

REWRITES = re.compile(r"\w*OpenAI/JS\b|node\b|undici\b|Bun/|Deno/")
"""Beginnings of ``User-Agent`` of JavaScript outside browsers. Node's ``fetch`` writes a form anew when it is sent
elsewhere, with another boundary than its ``Content-Type`` still names: no node can read that."""

UNDICI = re.compile(r'boundary="?-*formdata-undici-', re.IGNORECASE)
"""How Node's ``fetch`` itself names a boundary, whatever its program calls itself."""


def follows(shown: Mapping[str, str]) -> bool:
    """Whether the client that *shown* are the headers of can be sent elsewhere.

    A body without a length is one that its client makes as it goes (OpenAI's in JavaScript does so with files), and
    could not send again.
    """
    again = shown.get(TRIES, "0") != "0" or "Transfer-Encoding" in shown
    return not again and not shown.get("User-Agent", "").startswith(CANNOT_FOLLOW) and not _rewrites(shown)


def _rewrites(shown: Mapping[str, str]) -> bool:
    kind = shown.get("Content-Type", "")
    is_form = kind.lower().lstrip().startswith("multipart/")
    return is_form and bool(UNDICI.search(kind) or REWRITES.match(shown.get("User-Agent", "")))
