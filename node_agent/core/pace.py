"""Pace: how long a request holds its slot, remembered as a moving average."""

from dataclasses import dataclass

from node_agent.core.units import Seconds

WEIGHT = 0.2
"""Share of the newest request in the mean: the last ten or so decide, so a change of traffic shows within ten."""

SOONEST_RETRY = Seconds(0.1)
"""Sooner, asking again costs more than there is to gain."""

LONGEST_RETRY = Seconds(30.0)
"""OpenAI's clients give up on a longer ``Retry-After`` than 120 s; beyond 30 s our guess is worth nothing."""

UNKNOWN = Seconds(1.0)
"""The guess of a model that has finished nothing yet, however many wait: what just started is about to be known."""

SPREAD = 0.25
"""Those that are shed together are told times that differ by up to a quarter, so that they do not return together.
Only later ones: those who come before their time mostly come in vain."""

NEVER = Seconds(0.0)


@dataclass(frozen=True, slots=True)
class Pace:
    """Mean time a request holds its slot; 0 while none has finished."""

    service: Seconds = NEVER

    @property
    def is_known(self) -> bool:
        """True once something has finished."""
        return self.service != NEVER

    def fold(self, held: Seconds) -> "Pace":
        """The pace after one more request that held its slot for *held*.

        >>> Pace().fold(Seconds(2.0)).fold(Seconds(4.0))
        Pace(service=2.4)
        """
        if self.service == NEVER:
            return Pace(held)
        return Pace(Seconds(self.service + WEIGHT * (held - self.service)))

    def until_free(self, waiting: int, slots: int, draw: float) -> Seconds:
        """When a newcomer behind *waiting* others may expect a slot, all of which are taken.

        One becomes free every service time over the slots. A *draw* from 0 to 1 says where in the spread.

        >>> Pace(Seconds(3.0)).until_free(waiting=4, slots=2, draw=0.0)
        7.5
        >>> Pace(Seconds(3.0)).until_free(waiting=3, slots=2, draw=0.5)
        6.75
        >>> Pace().until_free(waiting=100, slots=1, draw=0.0)
        1.0
        """
        expected = UNKNOWN if self.service == NEVER else self.service * (waiting + 1) / max(1, slots)
        return Seconds(min(LONGEST_RETRY, max(SOONEST_RETRY, expected)) * (1.0 + SPREAD * draw))
