"""The only file of the router that reads a clock."""

import time

from autorouter.core.units import Instant, Unix


def now() -> Instant:
    """Now, on the process's monotonic clock."""
    return Instant(time.monotonic())


def unix_now() -> Unix:
    """Seconds since 1970, by the wall clock that routers and nodes share to a minute."""
    return Unix(time.time())
