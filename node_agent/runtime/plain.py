"""YAML without its surprises, for files that decide who may do what.

``NO`` is a text, a date is a text, the only booleans are ``true`` and ``false``; a key that is there twice, an anchor
or a tag is refused. Every value knows its line.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

Path = tuple[str | int, ...]
Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]

MOST_BYTES = 4 << 20
MOST_DEPTH = 8

WORDS: Mapping[str, bool | None] = {"": None, "~": None, "null": None, "true": True, "false": False}
WHOLE = re.compile(r"-?[0-9]{1,18}")
BROKEN = re.compile(r"-?[0-9]{1,18}\.[0-9]{1,18}")


class PlainError(ValueError):
    """One sentence: line, place, what was expected and what was found."""


@dataclass(slots=True)
class Document:
    """What a text says, and on which line it says it."""

    value: Value = None
    lines: dict[Path, int] = field(default_factory=dict)

    def fault(self, path: Path, message: str) -> PlainError:
        """*message* about what is at *path*."""
        line = next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), 1)
        return PlainError(f"{line}: {dotted(path)}: {message}")


def dotted(path: Path) -> str:
    """*path* as people write it.

    >>> dotted(("keys", 2, "name"))
    'keys[2].name'
    """
    told = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return told[:200] if told and told.isprintable() else "file"


def read(text: str) -> Document:
    """The document in *text*. Raises `PlainError`."""
    if len(text) > MOST_BYTES:
        raise PlainError(f"1: file: expected at most {MOST_BYTES} bytes")
    try:
        _refuse_tricks(text)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise PlainError(f"{line}: file: not readable as YAML: {exc.problem}") from exc
    except yaml.YAMLError as exc:
        raise PlainError(f"1: file: not readable as YAML: {exc!s:.160}") from exc
    document = Document()
    document.value = None if root is None else _value(root, (), document)
    return document


def _refuse_tricks(text: str) -> None:
    """Before anything is built of it."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise PlainError(f"{line}: file: anchors and aliases are not allowed: write the value out")
        if getattr(event, "tag", None) is not None:
            raise PlainError(f"{line}: file: tags are not allowed")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MOST_DEPTH:
            raise PlainError(f"{line}: file: nested deeper than {MOST_DEPTH}")


def _value(node: yaml.Node, path: Path, document: Document) -> Value:
    document.lines.setdefault(path, node.start_mark.line + 1)
    match node:
        case yaml.MappingNode():
            return _mapping(node, path, document)
        case yaml.SequenceNode():
            return [_value(each, (*path, number), document) for number, each in enumerate(node.value)]
        case yaml.ScalarNode():
            return _scalar(str(node.value), plain=not node.style)
        case _:
            raise document.fault(path, "expected a value")


def _mapping(node: yaml.MappingNode, path: Path, document: Document) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for key, value in node.value:
        here = (*path, str(key.value))
        document.lines[here] = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise document.fault(here, "expected a plain word as key")
        if key.value in found:
            raise document.fault(here, "found twice")
        found[key.value] = _value(value, here, document)
    return found


def _scalar(text: str, *, plain: bool) -> Value:
    if not plain:
        return text
    if text in WORDS:
        return WORDS[text]
    if WHOLE.fullmatch(text):
        return int(text)
    return float(text) if BROKEN.fullmatch(text) else text
