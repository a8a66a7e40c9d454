"""Which model a request is for, on which its way depends. Pure."""

import json
import re
from urllib.parse import parse_qs

LINES = rb"(?:[^\r\n]+\r\n)*"
FIELD = rb"--%b\r\n" + LINES + rb'[^\r\n]*[; ]name="model"[^\r\n]*\r\n' + LINES + rb"\r\n([^\r\n]{1,256})\r\n"
"""The part of a form that is called so, between boundaries: sound may hold anything else."""


def model_of(content_type: str, query: bytes, body: bytes) -> str | None:
    """The model that a request names, if it does; a body that cannot be read is for the region to refuse."""
    return _in_body(content_type, body) or _first(query)


def _in_body(content_type: str, body: bytes) -> str | None:
    r"""The model that *body* names.

    >>> _in_body("application/json", b'{"model": "m"}'), _in_body("text/plain", b"")
    ('m', None)
    >>> _in_body("multipart/form-data; boundary=x", b'--x\r\nX: form-data; name="model"\r\n\r\nm\r\n--x--')
    'm'
    """
    if content_type.startswith("multipart/"):
        boundary = re.search(r'boundary="?([^";, ]+)', content_type)
        found = re.search(FIELD % re.escape(boundary[1].encode()), body) if boundary else None
        return found[1].decode(errors="replace").strip() if found else None
    if not body or "json" not in content_type:
        return None
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    model = said.get("model") if isinstance(said, dict) else None
    return model if isinstance(model, str) else None


def _first(query: bytes) -> str | None:
    return parse_qs(query.decode("ascii", "replace")).get("model", [None])[0] if b"model=" in query else None
