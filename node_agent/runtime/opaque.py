"""The keys file: of each opaque key its hash, and what it allows."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hmac import compare_digest
from pathlib import Path

from pydantic import ValidationError

from autorouter.wire.access import OPAQUE, Claims, KeyEntry, KeysFile, digest
from node_agent.core.caller import Budget, Caller, Per, Scope
from node_agent.core.errors import ConfigError
from node_agent.core.models import ModelName
from node_agent.runtime.plain import PlainError, read

START = 8
"""Hexadecimal digits of a hash by which it is found: they tell nothing of the key, so that may take its time."""


@dataclass(frozen=True, slots=True)
class Opaque:
    """What a keys file says."""

    revoked: frozenset[str] = frozenset()
    """``jti`` of tokens that count no more."""
    by_start: dict[str, list[tuple[str, Caller]]] = field(default_factory=dict, repr=False)

    def callers(self) -> Iterator[Caller]:
        """The holders of all keys."""
        return (caller for near in self.by_start.values() for _, caller in near)

    def caller(self, shown: str) -> Caller | None:
        """Whose key *shown* is; None: nobody's."""
        if not OPAQUE.fullmatch(shown):
            return None
        hashed = digest(shown)
        near = self.by_start.get(hashed[:START], ())
        return next((caller for kept, caller in near if compare_digest(kept, hashed)), None)


def load(path: Path) -> Opaque:
    """The keys in the file at *path*. Raises `ConfigError` naming the line and what is wrong with it."""
    try:
        return parse(path.read_text(encoding="utf-8"), path.name)
    except OSError as exc:
        raise ConfigError(f"--keys {path}: cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"--keys {path}: byte {exc.start} is not UTF-8") from exc


def parse(text: str, name: str) -> Opaque:
    """The keys in *text*; *name* is what errors call it."""
    try:
        document = read(text)
        try:
            file = KeysFile.model_validate(document.value)
        except ValidationError as exc:
            error = exc.errors(include_url=False, include_input=False)[0]  # the input may be a key, pasted by mistake
            raise document.fault(tuple(error["loc"]), error["msg"]) from None
        if twice := _twice(entry.name for entry in file.keys):
            raise document.fault(("keys",), f"{twice!r} is the name of two keys")
        if twice := _twice(entry.sha256 for entry in file.keys):
            raise document.fault(("keys",), f"the hash {twice[:START]}… is there twice")
    except PlainError as exc:
        raise ConfigError(f"{name}:{exc}") from exc
    found = Opaque(frozenset(file.revoked))
    for entry in file.keys:
        found.by_start.setdefault(entry.sha256[:START], []).append((entry.sha256, _caller(entry)))
    return found


def _twice(names: Iterable[str]) -> str:
    return next((name for name, times in Counter(names).items() if times > 1), "")


def _caller(entry: KeyEntry) -> Caller:
    return granted(entry.name, entry, 0.0, None if entry.expires is None else float(entry.expires))


def granted(name: str, grant: KeyEntry | Claims, begins: float, expires: float | None) -> Caller:
    """The holder of a key that allows what *grant* says."""
    return Caller(
        name=name,
        scopes=frozenset(map(Scope, grant.scopes)),
        models=None if grant.models is None else frozenset(map(ModelName, grant.models)),
        regions=None if grant.regions is None else frozenset(grant.regions),
        rate=grant.rate,
        budget=None if grant.budget is None else Budget(grant.budget, Per(grant.per)),
        begins=begins,
        expires=expires,
    )
