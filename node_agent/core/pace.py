"""Pace: how long a request holds its slot, remembered as a moving average."""

import math
from dataclasses import dataclass

from node_agent.core.units import Seconds

WEIGHT = 0.2
"""Share of the newest request in the mean: the last ten or so decide, so a change of traffic shows within ten."""

LONGEST_RETRY = Seconds(30.0)
"""OpenAI's clients give up on a longer ``Retry-After`` than 120 s; beyond 30 s our guess is worth nothing."""


NEVER = Seconds(0.0)


@dataclass(frozen=True, slots=True)
class Pace:
    """Mean time a request holds its slot; 0 while none has finished."""

    service: Seconds = NEVER

    def fold(self, held: Seconds) -> "Pace":
        """The pace after one more request that held its slot for *held*.

        >>> Pace().fold(Seconds(2.0)).fold(Seconds(4.0))
        Pace(service=2.4)
        """
        if self.service == NEVER:
            return Pace(held)
        return Pace(Seconds(self.service + WEIGHT * (held - self.service)))

    def until_free(self, ahead: int, slots: int) -> Seconds:
        """When a newcomer behind *ahead* others may expect a slot: whole seconds, at least one, at most thirty.

        >>> Pace(Seconds(3.0)).until_free(ahead=4, slots=2)
        6.0
        >>> Pace().until_free(ahead=100, slots=1)
        1.0
        """
        expected = math.ceil(self.service * ahead / max(1, slots))
        return Seconds(float(min(LONGEST_RETRY, max(1, expected))))
