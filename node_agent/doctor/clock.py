"""Whether the kernel keeps this machine's clock in time: tokens start and end by it, tickets hold for a minute."""

import ctypes
import struct
from collections.abc import Sequence

from autorouter.wire.finding import Finding, ok, skipped, warning
from node_agent.doctor.case import Case

NAME = "clock"
FIX = "sudo timedatectl set-ntp true    # or: apt-get install chrony"
UNSYNCHRONISED = 0x40
"""The kernel's word for a clock that nothing keeps in time: STA_UNSYNC."""


async def check(_case: Case) -> Sequence[Finding]:
    """Ask the kernel. Routers' `autorouter doctor` compares the clocks of all nodes."""
    return [kept(*kernel())]


def kept(status: int, error_us: int) -> Finding:
    """What the kernel's *status* says."""
    if status < 0:
        return skipped(NAME, "the kernel does not tell whether its clock is kept in time")
    if status & UNSYNCHRONISED:
        return warning(NAME, "nothing keeps this machine's clock in time, as far as its kernel knows", FIX)
    return ok(NAME, f"this machine's clock is kept in time, within {error_us / 1000:.0f} ms")


def kernel() -> tuple[int, int]:
    """The status of the kernel's clock and its greatest error in µs, by adjtimex(2); -1 if it does not tell."""
    timex = ctypes.create_string_buffer(256)
    try:
        if ctypes.CDLL(None).adjtimex(timex) < 0:
            return -1, 0
    except AttributeError:
        return -1, 0
    _, _, _, error, _, status = struct.unpack_from("@IxxxxqqqqI", timex)
    return status, error
