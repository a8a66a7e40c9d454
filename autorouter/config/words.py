"""What pydantic found wrong, in words: what was found, what was expected, and what was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

from pydantic_core import ErrorDetails

from autorouter.config.document import Document, Path
from autorouter.config.shape import SHAPE_AT


def told(document: Document, error: ErrorDetails) -> str:
    """*error* as one line about *document*."""
    path: Path = tuple(error["loc"])
    match error["type"]:
        case "extra_forbidden":
            return document.fault(path, f"unknown key{meant(str(path[-1]), _keys(path[:-1]))}")
        case "missing":
            return document.fault(path, f"missing; expected {_expected(path)}")
        case _:
            found = error["input"]
            return document.fault(path, f"found {shown(found)}, expected {_expected(path)}{_suggested(found, error)}")


def meant(found: str, choices: Iterable[str]) -> str:
    """A suggestion to append, or nothing.

    >>> meant("lattitude", ["latitude", "longitude"])
    "; did you mean 'latitude'?"
    """
    close = get_close_matches(found, list(choices), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def shown(found: object) -> str:
    """*found* short enough for a line."""
    match found:
        case dict():
            return "a mapping"
        case list():
            return f"a list of {len(found)}"
        case None:
            return "nothing"
        case bool():
            return str(found).lower()
        case _:
            text = repr(found)
            return text if len(text) <= 80 else f"{text[:77]}..."


def _words(path: Path) -> tuple[str, ...]:
    return tuple(step for step in path if isinstance(step, str))


def _keys(path: Path) -> tuple[str, ...]:
    shape = SHAPE_AT.get(_words(path))
    return tuple(shape.model_fields) if shape else ()


def _expected(path: Path) -> str:
    if not path or (isinstance(path[-1], int) and _words(path) in SHAPE_AT):
        return "a mapping"
    words = _words(path)
    shape = SHAPE_AT.get(words[:-1])
    of_field = shape.model_fields[words[-1]].description if shape and words[-1] in shape.model_fields else None
    if isinstance(path[-1], int):
        return f"one item of {of_field}" if of_field else "another value"
    return of_field or "another value"


def _suggested(found: object, error: ErrorDetails) -> str:
    choices = str(error.get("ctx", {}).get("expected", "")).replace(" or ", ", ").replace("'", "").split(", ")
    return meant(found, choices) if isinstance(found, str) and error["type"] == "literal_error" else ""
