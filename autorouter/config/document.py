"""YAML without its surprises: what a line says is what it means.

Built on the parser's events, so that nothing implicit gets in: plain scalars follow YAML 1.2's core schema (``NO`` is
a string, ``true`` and ``false`` the only booleans), and there are no duplicate keys, aliases, tags, dates or depths.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from autorouter.config.errors import ConfigError
from autorouter.wire.base import printable

Scalar = str | int | float | bool | None
Value = Scalar | list["Value"] | dict[str, "Value"]
Path = tuple[str | int, ...]

MOST_BYTES = 1 << 20
MOST_DEPTH = 16

_PLAIN: tuple[tuple[re.Pattern[str], type[int] | type[float]], ...] = (
    (re.compile(r"[-+]?[0-9]{1,18}"), int),
    (re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"), float),
)
_WORDS: Mapping[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says, and where it says it."""

    name: str
    value: Value
    lines: Mapping[Path, int] = field(default_factory=dict)
    """Line of every key and item, by path."""

    def fault(self, path: Path, message: str) -> str:
        """*message* about the value at *path*, with file, line and field in front."""
        return f"{self.name}:{self._line(path)}: {dotted(path)}: {message}"

    def _line(self, path: Path) -> int:
        return next((self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), 1)


def dotted(path: Path) -> str:
    """*path* as people write it.

    >>> dotted(("regions", 2, "latitude"))
    'regions[2].latitude'
    """
    told = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")
    return printable(told[:200]) or "file"


def read(text: str, name: str) -> Document:
    """The document in *text*. Raises `ConfigError` at the first thing that is not plain YAML."""
    if len(text.encode()) > MOST_BYTES:
        raise ConfigError(f"{name}:1: file: found {len(text.encode())} bytes, expected at most {MOST_BYTES}")
    try:
        return _Reader(name, yaml.parse(text, Loader=yaml.CSafeLoader)).document()
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise ConfigError(f"{name}:{line}: file: not readable as YAML: {exc.problem}") from exc
    except yaml.YAMLError as exc:
        raise ConfigError(f"{name}:1: file: not readable as YAML: {exc}") from exc


class _Reader:
    """Builds the document from parser events, keeping where each value stood."""

    def __init__(self, name: str, events: Iterator[yaml.Event]) -> None:
        self._name = name
        self._events = events
        self._lines: dict[Path, int] = {}

    def document(self) -> Document:
        value: Value = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if self._lines or value is not None:
                    raise self._fault(event, (), "expected one document, found another '---'")
                value = self._value(next(self._events), ())
        return Document(self._name, value, self._lines)

    def _value(self, event: yaml.Event, path: Path) -> Value:
        if len(path) > MOST_DEPTH:
            raise self._fault(event, path[:2], f"nested deeper than {MOST_DEPTH}")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._fault(event, path, "anchors and aliases are not allowed: write the value out")
        if (tag := getattr(event, "tag", None)) is not None:
            raise self._fault(event, path, f"found tag {tag}, expected a plain value")
        self._lines[path] = _line(event)
        match event:
            case yaml.MappingStartEvent():
                return self._mapping(path)
            case yaml.SequenceStartEvent():
                return self._sequence(path)
            case yaml.ScalarEvent():
                return _scalar(str(event.value), plain=event.implicit[0])
            case _:
                raise self._fault(event, path, "expected a value")

    def _mapping(self, path: Path) -> dict[str, Value]:
        found: dict[str, Value] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag is not None:
                raise self._fault(event, path, "expected a plain word as key")
            here = (*path, str(event.value))
            if event.value in found:
                raise self._fault(event, here, f"found twice; first on line {self._lines[here]}")
            line = _line(event)
            found[event.value] = self._value(next(self._events), here)
            self._lines[here] = line
        return found

    def _sequence(self, path: Path) -> list[Value]:
        found: list[Value] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._value(event, (*path, len(found))))
        return found

    def _fault(self, event: yaml.Event, path: Path, message: str) -> ConfigError:
        return ConfigError(f"{self._name}:{_line(event)}: {dotted(path)}: {message}")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _scalar(text: str, *, plain: bool) -> Scalar:
    """What a scalar means: quoted, itself; plain, by the core schema of YAML 1.2."""
    if not plain:
        return text
    if text in _WORDS:
        return _WORDS[text]
    return next((kind(text) for pattern, kind in _PLAIN if pattern.fullmatch(text)), text)
