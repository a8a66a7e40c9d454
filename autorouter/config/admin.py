"""Where the admin API is: what `--admin` and AUTOROUTER_ADMIN say, to the router and to commands that ask it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from autorouter.config.errors import ConfigError

EXPECTED = "expected unix:PATH, HOST:PORT of this machine, or off"

MOST_PATH = 107
"""Bytes of a unix socket's path: what the kernel has room for."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen, or to ask. With neither: nowhere."""

    path: Path | None = None
    """Of a unix socket."""
    host: str = ""
    port: int = 0
    chosen: bool = True
    """Somebody said so; else it is where the admin API is by default."""

    @property
    def is_off(self) -> bool:
        """Whether there is none."""
        return self.path is None and not self.host

    def __str__(self) -> str:
        if self.path is not None:
            return f"unix:{self.path}"
        return (
            (f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}") if self.host else "off"
        )


def admin_at(said: str | None, environment: Mapping[str, str] = os.environ) -> Address:
    """The address that was *said*, or the default one. Raises `ConfigError`."""
    if not said:
        return Address(default_socket(environment), chosen=False)
    if said == "off":
        return Address()
    if said.startswith("unix:"):
        return Address(_socket(said))
    return _loopback(said)


def default_socket(environment: Mapping[str, str] = os.environ) -> Path:
    """The socket of this user's router: root's in /run, another's in its session's folder, or beside its state."""
    if os.geteuid() == 0:
        return Path("/run/autorouter/admin.sock")
    session = environment.get("XDG_RUNTIME_DIR")
    return Path(session) / "autorouter/admin.sock" if session else state_folder(environment) / "admin.sock"


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where a router without Redis keeps what outlives it, unless `--state` says another place."""
    state = environment.get("XDG_STATE_HOME") or str(Path("~/.local/state").expanduser())
    return Path(state) / "autorouter"


def _socket(said: str) -> Path:
    path = said.removeprefix("unix:")
    if not path.startswith("/") or len(path.encode()) > MOST_PATH:
        raise ConfigError(f"--admin: found {said[:128]!a}, expected unix:/PATH of at most {MOST_PATH} bytes")
    return Path(path)


def _loopback(said: str) -> Address:
    host, _, port = said.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        here = host == "localhost" or ip_address(host).is_loopback
        number = int(port)
    except ValueError:
        raise ConfigError(f"--admin: found {said[:128]!a}, {EXPECTED}") from None
    if not here or not 0 <= number <= 65_535:
        raise ConfigError(f"--admin: {said[:128]!a} is not of this machine; {EXPECTED}")
    return Address(host=host, port=number)
