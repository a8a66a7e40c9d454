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
    """Of each endpoint, until when it is asked last, for one model or for all.

    There are no more of them than regions.yaml ever had endpoints and the fleet models.
    """

    def __init__(self, clock: Clock) -> None:
        self._now = clock
        self._until: dict[tuple[str, str | None], Instant] = {}

    def down(self, stop: Stop, wait: Seconds, model: str | None = None) -> None:
        """*stop* failed, and says to *wait*; for *model* only, if there is one."""
        self._until[stop.endpoint, model] = Instant(self._now() + min(wait, LONGEST))

    def last(self, stops: Sequence[Stop], model: str | None) -> Sequence[Stop]:
        """*stops* in their order, those that failed *model* of late at the end."""
        now = self._now()

        def is_cooling(stop: Stop) -> bool:
            return any(self._until.get((stop.endpoint, each), now) > now for each in (model, None))

        return sorted(stops, key=is_cooling)
