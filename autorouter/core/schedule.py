"""When to look at which node next: a plan, not a loop.

Every node has its own place in the interval, so that probes are spread evenly and none waits for another. A refused
node is looked at again at once: one confirmation, then it is out.
"""

from hashlib import blake2b
from math import floor

from autorouter.core.fleet import Region, Stage
from autorouter.core.health import Phase
from autorouter.core.ledger import Memory
from autorouter.core.names import NodeName
from autorouter.core.units import Instant, Seconds

CONFIRM = Seconds(0.25)
"""Between a refusal and the probe that confirms it: long enough for a listening socket to be handed over."""


def probed(region: Region) -> bool:
    """Whether *region* has nodes that answer: all but the planned."""
    return region.stage is not Stage.PLANNED


def next_look(node: NodeName, memory: Memory, asked: Instant | None, interval: Seconds, now: Instant) -> Instant:
    """When to look at *node* next; *asked* is when this router last did, None for never."""
    if asked is None:
        return now
    if memory.phase is Phase.REFUSED_ONCE:
        return Instant(asked + CONFIRM)
    return _next_turn(node, asked, interval)


def _next_turn(node: NodeName, asked: Instant, interval: Seconds) -> Instant:
    """The first of *node*'s turns after *asked*; turns come every *interval*.

    >>> a = _next_turn(NodeName("yto-01"), Instant(100.0), Seconds(2.0))
    >>> 100.0 < a <= 102.0, _next_turn(NodeName("yto-01"), a, Seconds(2.0)) - a
    (True, 2.0)
    """
    drawn = int.from_bytes(blake2b(node.encode(), digest_size=4).digest()) / 2**32
    place = drawn * interval
    turn = floor((asked - place) / interval) + 1
    return Instant(turn * interval + place)
