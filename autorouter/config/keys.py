"""The keys file of the admin API: the shape of nodes' keys files, of which the scope ``admin`` counts here."""

from collections import Counter
from pathlib import Path as File

from pydantic import ValidationError

from autorouter.config.document import read
from autorouter.config.errors import ConfigError
from autorouter.wire.access import KeyEntry, KeysFile


def admin_keys(path: File) -> tuple[KeyEntry, ...]:
    """The keys in the file at *path* that are for the admin API. Raises `ConfigError` with line and fault."""
    try:
        entries = entries_in(path.read_bytes().decode(), path.name)
    except OSError as exc:
        raise ConfigError(f"--admin-keys {path}: cannot be read: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise ConfigError(f"--admin-keys {path}: byte {exc.start} is not UTF-8") from exc
    found = tuple(entry for entry in entries if "admin" in entry.scopes)
    if not found:
        raise ConfigError(f"{path.name}: no key has the scope admin: 'autorouter keys mint NAME --scope admin'")
    return found


def entries_in(text: str, name: str) -> tuple[KeyEntry, ...]:
    """The keys in *text*; *name* is what errors call it. Raises `ConfigError` with line and fault."""
    document = read(text, name)
    try:
        file = KeysFile.model_validate(document.value)
    except ValidationError as exc:
        error = exc.errors(include_url=False, include_input=False)[0]  # the input may be a key, pasted by mistake
        raise ConfigError(document.fault(tuple(error["loc"]), error["msg"])) from None
    twice = [name for name, times in Counter(entry.name for entry in file.keys).items() if times > 1]
    if twice:
        raise ConfigError(document.fault(("keys",), f"{twice[0]!r} is the name of two keys"))
    return file.keys
