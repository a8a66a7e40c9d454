"""A client's round trip as the kernel measured it when the client connected.

That one alone: later ones hold the client's delayed acknowledgements (10 ms were seen as 26 after eight requests).
"""

import socket
from struct import unpack_from
from typing import Protocol

from node_agent.core.units import Millis

INFO_BYTES = 192
SMOOTHED_AT, LEAST_AT, SENT_AT = 68, 148, 156
"""Where ``tcpi_rtt``, ``tcpi_min_rtt`` (µs) and ``tcpi_data_segs_out`` are in Linux's ``struct tcp_info``."""

LONGEST = Millis(60_000.0)
"""What is beyond is no round trip, and the wire refuses it."""


class Connection(Protocol):
    """A socket as asyncio and uvloop show it."""

    def getsockopt(self, level: int, option: int, length: int, /) -> bytes:
        """As `socket.socket.getsockopt`."""
        ...


def handshake(connection: Connection) -> Millis | None:
    """The round trip of *connection*'s handshake; None once data was sent over it, or where the kernel has none."""
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_BYTES)
    except OSError:
        return None
    if len(info) < SENT_AT + 4 or _number(info, SENT_AT):
        return None
    found = Millis(min(_number(info, SMOOTHED_AT), _number(info, LEAST_AT)) / 1000)
    return found if 0 < found <= LONGEST else None


def _number(info: bytes, at: int) -> int:
    number: int = unpack_from("I", info, at)[0]
    return number
