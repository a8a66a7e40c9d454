"""Asking a router, for commands that look at one: each failure is a sentence that says what to do.

Knows HTTP and the shape of a problem; what an answer means is for the command that asks.
"""

import json
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Thread
from typing import TypeVar
from urllib.parse import SplitResult, urlencode, urlsplit

import click

from autorouter.cli.failing import fail

ShapeT = TypeVar("ShapeT")
Command = TypeVar("Command", bound=Callable[..., object])

LOCAL = "http://127.0.0.1:8080"
"""Where `autorouter serve` listens unless told otherwise."""

DEADLINE = 10.0
"""Seconds for name, connection, TLS and answer together: a person waits, and a router takes milliseconds."""

MOST = 64 << 20
"""Bytes of an answer: 1,000 regions take one MiB."""

HELP = "start one with 'autorouter serve', or name yours with --router or AUTOROUTER_URL"

REASONS = (
    (socket.gaierror, "its name does not resolve"),
    (ConnectionRefusedError, "connection refused"),
    (ConnectionResetError, "the connection was reset"),
    (ssl.SSLError, "it does not speak TLS"),
    (TimeoutError, "no answer in time"),
    (HTTPException, "what answers there does not speak HTTP"),
)

Pairs = Sequence[tuple[str, str]]


class NoAnswerError(click.ClickException):
    """The router could not be asked, or did not answer as one does: ends a command with exit code 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:  # noqa: ARG002 - click's signature
        """On stderr, as `failing.fail` does."""
        click.echo(self.message, err=True)


@dataclass(frozen=True, slots=True)
class Told:
    """What a router answered: JSON, whatever its status."""

    url: str
    status: int
    body: bytes

    def read(self, shape: type[ShapeT]) -> ShapeT:
        """The answer as *shape*; its problem ends the command."""
        if self.status >= 400:
            raise NoAnswerError(self.problem())
        return self.of(shape)

    def of(self, shape: type[ShapeT]) -> ShapeT:
        """The body as *shape*, whatever the status."""
        from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415 - so that --help stays quick

        try:
            return TypeAdapter(shape).validate_json(self.body)
        except ValidationError as exc:
            first = exc.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "its body"
            told = f"{self.url} does not answer as a router of this version does: {where}: {first['msg'].lower()}"
            raise NoAnswerError(f"{told}; see its version at {self.url}/openapi.json") from exc

    def problem(self) -> str:
        """What is wrong, and what can be done about it, as the router says it."""
        from autorouter.cli.screen import inert  # noqa: PLC0415 - they know each other
        from autorouter.wire.problem import Problem  # noqa: PLC0415 - so that --help stays quick

        told = self.of(Problem)
        says_all = not told.fix or told.code == "model_not_found"
        return inert(told.detail if says_all else f"{told.detail}\nfix: {told.fix}", keep="\n")


@dataclass(frozen=True, slots=True)
class Router:
    """A router, by its URL."""

    url: str

    def get(self, path: str, asked: Pairs = ()) -> Told:
        """The answer to a question. Raises `NoAnswerError` if there is none."""
        return self._ask("GET", f"{path}?{urlencode(asked)}" if asked else path)

    def post(self, path: str, body: bytes) -> Told:
        """The answer to *body*, which is JSON."""
        return self._ask("POST", path, body)

    def _ask(self, method: str, target: str, body: bytes | None = None) -> Told:
        status, kind, answer = within(DEADLINE, lambda: self._exchange(method, target, body), self.url)
        if kind == ("application/json" if status < 400 else "application/problem+json") and is_json(answer):
            return Told(self.url, status, answer)
        found = f"{status}, {kind or 'of no type'}, {len(answer)} bytes"
        moved = "; it sends elsewhere: name the router itself" if 300 <= status < 400 else ""
        raise NoAnswerError(f"{self.url} answers, but not as a router does ({found}){moved}: {HELP}")

    def _exchange(self, method: str, target: str, body: bytes | None) -> tuple[int, str, bytes]:
        parts = urlsplit(self.url)
        connection = connect(parts)
        try:
            headers = {"Accept": "application/json", "User-Agent": "autorouter"}
            if body is not None:
                headers["Content-Type"] = "application/json"
            connection.request(method, parts.path.rstrip("/") + target, body, headers)
            return received(connection.getresponse())
        finally:
            connection.close()


def connect(parts: SplitResult) -> HTTPConnection:
    """A connection to be made to where *parts* points; `within` ends it."""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(parts.hostname or "", parts.port, context=context)
    return HTTPConnection(parts.hostname or "", parts.port)


def received(answer: HTTPResponse) -> tuple[int, str, bytes]:
    """Status, media type and body."""
    kind = answer.headers.get_content_type() if "Content-Type" in answer.headers else ""
    return answer.status, kind, answer.read(MOST)


def within(seconds: float, work: Callable[[], tuple[int, str, bytes]], url: str) -> tuple[int, str, bytes]:
    """What *work* returns, if it does in time.

    In a thread of its own, for a socket's timeout bounds each step alone, and looking up a name has none.
    """
    outcome: list[tuple[int, str, bytes] | Exception] = []

    def run() -> None:
        try:
            outcome.append(work())
        except (OSError, HTTPException, ValueError) as exc:
            outcome.append(exc)

    thread = Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise NoAnswerError(f"{url} did not answer within {seconds:g} s: see whether it is up, or {HELP}")
    first = outcome[0]
    if isinstance(first, Exception):
        raise NoAnswerError(f"no router answers at {url} ({reason(first)}): {HELP}") from first
    return first


def reason(exc: Exception) -> str:
    """Why a connection failed, in the words of whoever has to mend it."""
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"its certificate is not valid: {exc.verify_message}"
    known = next((words for kind, words in REASONS if isinstance(exc, kind)), "")
    return known or (getattr(exc, "strerror", None) or str(exc)).lower()


def is_json(body: bytes) -> bool:
    """Whether *body* is."""
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def router_at(_ctx: click.Context, _parameter: click.Parameter, url: str) -> Router:
    """The router that ``--router`` names."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        fail(f"--router: found {url!a}, expected http://HOST:PORT")
    if not sound or parts.username is not None or parts.query or parts.fragment:
        fail(f"--router: found {url!a}, expected http://HOST:PORT")
    return Router(url.rstrip("/").removesuffix("/v1"))  # what OpenAI's clients are given does as well


def asks(command: Command) -> Command:
    """Adds ``--router`` to *command*, which gets a `Router`."""
    return click.option(
        "--router",
        metavar="URL",
        envvar="AUTOROUTER_URL",
        show_envvar=True,
        default=LOCAL,
        show_default=True,
        callback=router_at,
        help="The router to ask.",
    )(command)
