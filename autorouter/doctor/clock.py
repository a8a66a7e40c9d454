"""Whether this machine's clock is right: tickets hold for a minute, tokens start and end by the clock.

Who is asked: the kernel, whether something keeps its clock in time; Redis; and each node, by the ``Date`` of its
answers. Two clocks differ and nobody knows which is wrong; of more, the median is believed.
"""

import asyncio
import ctypes
import struct
from collections.abc import Mapping, Sequence
from statistics import median

from redis.exceptions import RedisError

from autorouter.core.fleet import Node
from autorouter.doctor.asking import Answer, ask
from autorouter.doctor.case import Case
from autorouter.runtime.clock import unix_now
from autorouter.store.redis import client, fault_in
from autorouter.wire.finding import Finding, ok, skipped, warning, wrong

NAME = "clock"
FAR_S = 2.0
"""From here on it is told …"""
TOO_FAR_S = 30.0
"""… and from here on tokens and tickets that are good are refused."""
MARGIN_S = 0.7
"""What a ``Date`` may be off by: it is cut to whole seconds, and travels."""
FIX = "sudo timedatectl set-ntp true    # or: apt-get install chrony"
UNSYNCHRONISED = 0x40
"""The kernel's word for a clock that nothing keeps in time: STA_UNSYNC."""


async def check(case: Case) -> Sequence[Finding]:
    """Compare with every clock that can be read."""
    async with asyncio.TaskGroup() as group:
        asked = [group.create_task(_node(node)) for _, node in case.nodes]
        redis = group.create_task(_redis(case.options.redis_url))
    told = {node.name: task.result() for (_, node), task in zip(case.nodes, asked, strict=True)}
    ahead = {name: skew for name, skew in [*told.items(), ("Redis", redis.result())] if skew is not None}
    return [*compared(ahead), kept(*kernel())]


def compared(ahead: Mapping[str, float]) -> Sequence[Finding]:
    """What to say of clocks that are *ahead* of ours by so many seconds."""
    if not ahead:
        return [skipped(NAME, "no other clock could be read")]
    common = median(ahead.values()) if len(ahead) > 2 else 0.0
    if abs(common) - MARGIN_S > FAR_S:
        return [_told(f"this machine's clock is {_way(-common)} the median of {len(ahead)} others", common)]
    off = {name: skew for name, skew in ahead.items() if abs(skew) - MARGIN_S > FAR_S}
    if not off:
        largest = max(map(abs, ahead.values()))
        return [ok(NAME, f"{len(ahead)} other clocks agree with this one within {max(largest, MARGIN_S):.1f} s")]
    return [_told(f"the clock of {name} is {_way(skew)} this machine's", skew) for name, skew in off.items()]


def _told(sentence: str, skew: float) -> Finding:
    if abs(skew) - MARGIN_S > TOO_FAR_S:
        return wrong(NAME, f"{sentence}: good tickets and tokens are refused", f"{FIX}    # where it is wrong")
    return warning(NAME, sentence, f"{FIX}    # where it is wrong")


def _way(ahead: float) -> str:
    return f"{abs(ahead):.0f} s {'ahead of' if ahead > 0 else 'behind'}"


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


async def _node(node: Node) -> float | None:
    answer = await ask(f"{node.agent}/livez")
    return answer.ahead if isinstance(answer, Answer) else None


async def _redis(url: str | None) -> float | None:
    if not url or fault_in(url):
        return None
    redis = client(url, 1.0)
    try:
        before = unix_now()
        seconds, micros = await redis.time()
        return float(seconds + micros / 1e6 - (before + unix_now()) / 2)
    except (RedisError, OSError, ValueError):
        return None
    finally:
        await redis.aclose()
