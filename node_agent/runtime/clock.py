"""The only file that reads a clock. Everything else is told what time it is."""

import time

from node_agent.core.units import Instant


class SystemClock:
    """The clocks of this machine."""

    def now(self) -> Instant:
        """Monotonic: for lengths of time."""
        return Instant(time.monotonic())

    def unix(self) -> int:
        """Seconds since 1970, for the ``created`` that OpenAI's shapes carry; never for arithmetic."""
        return int(time.time())

    def stamp(self) -> str:
        """The same for people, to the second."""
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.unix()))
