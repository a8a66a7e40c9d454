"""Where a stranger's Triton may listen: on this machine, and for this machine alone.

Whoever reaches Triton reaches every model past all keys, and its memory past its holes. The agent is the only door.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from node_agent.core.errors import ConfigError
from node_agent.core.networks import is_loopback

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
LISTEN = "0A"
"""The kernel's number for a socket that listens."""

ADDRESS = re.compile(r"(?:dns:///|ipv4:|ipv6:)?(?P<host>\[[0-9a-fA-F:.]+\]|[^:/\[\]]+):(?P<port>[0-9]{1,5})")


def require_caged(address: str) -> None:
    """Raise `ConfigError` for a Triton at *address* that others than this machine can reach."""
    if address.startswith("unix:"):
        return
    found = ADDRESS.fullmatch(address)
    if found is None:
        raise ConfigError(f"--triton {address}: expected host:port of this machine, or unix:PATH")
    host, port = found["host"].strip("[]"), int(found["port"])
    if host != "localhost" and not is_loopback(host):
        raise ConfigError(f"--triton {address}: expected a Triton on this machine (127.0.0.1, ::1, unix:PATH)")
    if open_to_others(port):
        raise ConfigError(
            f"--triton {address}: it listens on all addresses of this machine, so that others can go past the agent; "
            "start it with --grpc-address=127.0.0.1 --allow-http=false"
        )


def open_to_others(port: int) -> bool:
    """Whether something listens at *port* on any address but loopback, as far as this kernel's tables tell."""
    return any(at == port and not is_loopback(host) for host, at in _listening())


def _listening() -> Iterator[tuple[str, int]]:
    for table in TABLES:
        for line in table.read_text().splitlines()[1:] if table.is_file() else ():
            local, state = line.split()[1], line.split()[3]
            if state == LISTEN:
                host, _, port = local.partition(":")
                yield _readable(host), int(port, 16)


def _readable(host: str) -> str:
    """The kernel writes addresses as 32-bit words in the machine's own order."""
    words = [bytes.fromhex(host[at : at + 8])[::-1] for at in range(0, len(host), 8)]
    whole = b"".join(words)
    if len(whole) == 4:
        return ".".join(map(str, whole))
    return ":".join(whole[at : at + 2].hex() for at in range(0, 16, 2))
