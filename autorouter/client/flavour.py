"""httpx or httpx2: one is the other's successor, and programs use the one or the other. All here is for both."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from socket import gaierror
from ssl import SSLError
from types import ModuleType

from autorouter.client.watch import SILENT, WORN

KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "refused"),
    (ConnectionResetError, "reset"),
    (BrokenPipeError, "reset"),
    (gaierror, "unknown host"),
    (SSLError, "bad certificate"),
)
"""What is at the root of an error → what is said of it …"""

WORDS = (("disconnected", "reset"), ("EndOfStream", "reset"))
"""… and if only words are: what they hold."""


@dataclass(frozen=True, slots=True)
class Flavour:
    """The module, and what it stands on."""

    http: ModuleType
    core: ModuleType

    @property
    def failures(self) -> tuple[type[Exception], ...]:
        """What is worth another region. A time-out of the caller's own is not: it would be the same everywhere."""
        http = self.http
        return http.ConnectError, http.ConnectTimeout, http.ReadError, http.WriteError, http.RemoteProtocolError


def flavour(using: str | None) -> Flavour:
    """The module to use: the one named, else openai's, else the one that is there. Raises `ImportError`."""
    if using is not None:
        return Flavour(import_module(using), import_module(using.replace("httpx", "httpcore")))
    for name in (_openais(), "httpx2", "httpx"):
        if name and _is_there(name):
            return flavour(name)
    raise ImportError("neither httpx2 nor httpx is installed; openai brings one, or 'pip install httpx2'")


def _openais() -> str | None:
    openai = sys.modules.get("openai")
    base = getattr(openai, "DefaultHttpxClient", None)
    return next((each.__module__.partition(".")[0] for each in base.__mro__[1:]), None) if base else None


def _is_there(name: str) -> bool:
    try:
        import_module(name)
    except ImportError:
        return False
    return True


def why(exc: Exception) -> str:
    """What *exc* means, in a word or two.

    >>> why(ConnectionRefusedError()), why(TimeoutError()), why(ValueError("?"))
    ('refused', 'no connection in time', 'unreachable')
    """
    chain = tuple(_chain(exc))
    if str(exc) in {SILENT, WORN}:
        return str(exc)
    if any("Timeout" in type(each).__name__ for each in chain):
        return "no connection in time"
    roots = (word for kind, word in KINDS for each in chain if isinstance(each, kind))
    said = (word for part, word in WORDS for each in chain if part in f"{type(each).__name__} {each}")
    return next(roots, None) or next(said, "unreachable")


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    """*exc* and what it comes from."""
    while exc is not None:
        yield exc
        parts = exc.exceptions if isinstance(exc, BaseExceptionGroup) else exc.args  # where httpcore has it
        yield from (each for part in parts if isinstance(part, BaseException) for each in _chain(part))
        exc = exc.__cause__ or (None if exc.__suppress_context__ else exc.__context__)
