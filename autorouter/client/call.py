"""What a request asks for, as far as its way is concerned: of which model, and how much has to be sent. Pure."""

import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qs

LINES = rb"(?:[^\r\n]+\r\n)*"
FIELD = rb"--%b\r\n" + LINES + rb'[^\r\n]*[; ]name="model"[^\r\n]*\r\n' + LINES + rb"\r\n([^\r\n]{1,256})\r\n"
"""The part of a form that is called so, between boundaries: sound may hold anything else."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that can be sent more than once."""

    model: str | None
    size: int
    """Bytes of its body."""


def call_of(content_type: str, query: bytes, body: bytes) -> Call:
    """The call of a request; a body that cannot be read is for the region to refuse."""
    return Call(_model(content_type, body) or _first(query), len(body))


def _model(content_type: str, body: bytes) -> str | None:
    r"""The model that *body* names.

    >>> _model("application/json", b'{"model": "m"}'), _model("text/plain", b"")
    ('m', None)
    >>> _model("multipart/form-data; boundary=x", b'--x\r\nX: form-data; name="model"\r\n\r\nm\r\n--x--')
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
