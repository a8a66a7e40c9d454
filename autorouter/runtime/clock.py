"""The only file of the router that reads a clock."""

import time

from autorouter.core.units import Instant


def now() -> Instant:
    """Now, on the process's monotonic clock."""
    return Instant(time.monotonic())
