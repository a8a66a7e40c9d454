"""Who has just failed, so that the next request does not find out again, before the probes do."""

from collections.abc import Sequence

from autorouter.api.onward.stops import Stop
from autorouter.core.units import Instant, Seconds
from autorouter.runtime.ports import Clock

DOWN = Seconds(2.0)
"""For what did not answer: by then it has been looked at."""

LONGEST = Seconds(10.0)
"""Whatever a node says of itself."""


class Cooling:
    """Of each endpoint, until when it is asked last. There are no more of them than regions.yaml ever had."""

    def __init__(self, clock: Clock) -> None:
        self._now = clock
        self._until: dict[str, Instant] = {}

    def down(self, stop: Stop, wait: Seconds) -> None:
        """*stop* failed, and says to *wait*."""
        self._until[stop.endpoint] = Instant(self._now() + min(wait, LONGEST))

    def last(self, stops: Sequence[Stop]) -> Sequence[Stop]:
        """*stops* in their order, those that failed of late at the end."""
        now = self._now()
        return sorted(stops, key=lambda each: self._until.get(each.endpoint, now) > now)
