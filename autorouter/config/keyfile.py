"""Writes the line of a new key into a keys file: all of it or nothing, whoever reads the file meanwhile."""

import os
import re
from pathlib import Path

from autorouter.config.errors import ConfigError
from autorouter.config.keys import entries_in

HEAD = re.compile(r"keys:[ \t]*(\[[ \t]*\])?[ \t]*(#.*)?")
"""What keys stand below, a line each."""


def add(path: Path, entry: str) -> None:
    """Put *entry* below the last key in the file at *path*, or in a new one. Raises `ConfigError`."""
    target = path.resolve()
    try:
        text = with_entry(target.read_text(encoding="utf-8") if target.exists() else "", entry, path)
        entries_in(text, path.name)
        _replace(target, text)
    except OSError as exc:
        raise ConfigError(f"{path}: {exc.strerror or exc}; no key was made") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"{path}: byte {exc.start} is not UTF-8; no key was made") from exc


def with_entry(text: str, entry: str, path: Path) -> str:
    """*text* with one key more, indented as the keys before it are."""
    lines = text.splitlines()
    if not any(line.startswith("keys:") for line in lines):
        lines.append("keys:")
    head = next(at for at, line in enumerate(lines) if line.startswith("keys:"))
    if not HEAD.fullmatch(lines[head]):
        raise ConfigError(f"{path}: line {head + 1}: expected 'keys:' and below it a line for each; no key was made")
    lines[head] = re.sub(r"^keys:[ \t]*\[[ \t]*\]", "keys:", lines[head])
    last, indent = _end(lines, head)
    lines.insert(last + 1, indent + entry.lstrip())
    return "\n".join(lines) + "\n"


def _end(lines: list[str], head: int) -> tuple[int, str]:
    """The last line of what stands below line *head*, and how keys are indented there."""
    last, indent = head, None
    for at, line in enumerate(lines[head + 1 :], head + 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not line.startswith((" ", "-")):
            break
        last, indent = at, line[: len(line) - len(line.lstrip())] if indent is None else indent
    return last, "  " if indent is None else indent


def _replace(path: Path, text: str) -> None:
    """The file is the old one or the new one, whatever happens; its mode and its owner stay."""
    was = path.stat() if path.exists() else None
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if was is not None:
                os.fchmod(file.fileno(), was.st_mode & 0o7777)
                _keep_owner(file.fileno(), was)
            os.fsync(file.fileno())
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _keep_owner(file: int, was: os.stat_result) -> None:
    """What root adds to a node's file the node must be able to read."""
    if (was.st_uid, was.st_gid) != (os.geteuid(), os.getegid()):
        os.fchown(file, was.st_uid, was.st_gid)
