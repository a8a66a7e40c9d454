"""How a command talks to a router's admin API: over its unix socket, or a port of this machine with a key."""

import json
import os
import socket
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlencode

from autorouter.cli.failing import fail
from autorouter.config import ConfigError
from autorouter.config.admin import Address, admin_at

PATIENCE = 5.0
"""Seconds that the router may take: it waits for its store, 0.2 s, and for nothing else."""

MOST_BYTES = 4 << 20

KEY = "AUTOROUTER_ADMIN_KEY"

FIXES = {
    "unauthorized": f"set {KEY} to a key of the scope admin, which 'autorouter keys mint NAME --scope admin' makes",
    "nothing_left": "say --force if that is what you want",
    "unknown_target": "name one that 'autorouter regions' lists",
    "invalid_body": "",
    "invalid_parameter": "",
}
"""What a person at the command line does about a problem, where that is not what a program does; empty: its detail
says it."""


def operate(
    said: str | None,
    method: str,
    path: str,
    query: Mapping[str, str] | None = None,
    body: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """The router's answer; ends the program with a sentence if it has none, or refuses."""
    try:
        at = admin_at(said)
    except ConfigError as exc:
        fail(str(exc))
    if at.is_off:
        fail("--admin is off here: say where the router's admin API is")
    status, told = _asked(at, method, f"{path}?{urlencode(query)}" if query else path, body)
    if status >= 400:
        fail(_refused(status, told))
    return told


def _refused(status: int, told: Mapping[str, object]) -> str:
    """What a refusal says, and what to do about it."""
    detail, fix = (
        told.get("detail", f"the router answered {status}"),
        FIXES.get(str(told.get("code")), told.get("fix")),
    )
    return f"{detail}\nfix: {fix}" if fix else str(detail)


def _asked(at: Address, method: str, path: str, body: Mapping[str, object] | None) -> tuple[int, dict[str, object]]:
    connection = _Unix(at) if at.path else HTTPConnection(at.host, at.port, timeout=PATIENCE)
    headers = {"Accept": "application/json", "Content-Type": "application/json"}
    if not at.path and (key := os.environ.get(KEY)):
        headers["Authorization"] = f"Bearer {key}"
    try:
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        told = json.loads(answer.read(MOST_BYTES))
    except (OSError, HTTPException, ValueError) as exc:
        fail(_unanswered(at, exc))
    finally:
        connection.close()
    return answer.status, told if isinstance(told, dict) else {}


def _unanswered(at: Address, exc: Exception) -> str:
    """Why there is no answer, and what can be done about it."""
    match exc:
        case FileNotFoundError() | ConnectionRefusedError():
            return f"no router listens at {at}: is one running here, as this user? Else say --admin, as it does"
        case PermissionError():
            return f"{at} is another user's: ask as the user that runs the router, or as root"
        case TimeoutError():
            return f"the router at {at} did not answer within {PATIENCE:g} s"
        case OSError():
            return f"the router at {at} cannot be asked: {exc.strerror or exc}"
        case _:
            return f"what answers at {at} is no router"


class _Unix(HTTPConnection):
    """A connection to a unix socket."""

    def __init__(self, at: Address) -> None:
        super().__init__("localhost", timeout=PATIENCE)
        self._at = at

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(PATIENCE)
        self.sock.connect(str(self._at.path))
