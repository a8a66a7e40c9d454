"""What pydantic found wrong with regions.yaml, in words that its writer knows."""

from pydantic_core import ErrorDetails

from autorouter.config.document import Document, Path
from autorouter.config.shape import SHAPE_AT
from autorouter.core.words import meant, shown


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
