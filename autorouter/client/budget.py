"""How many calls may be sent on: a fifth of all and ten a second, lest a fleet in trouble is asked thrice as much.

Pure: `now` is in seconds.
"""

SHARE = 0.2
RATE = 10.0
"""A second."""

RESERVE = 100.0
"""What was not needed is kept, up to so many."""


class Budget:
    """Earned by calls and by time, spent by calls that are sent on."""

    def __init__(self, now: float) -> None:
        self._left = RESERVE
        self._at = now

    def earn(self) -> None:
        """One call more."""
        self._left = min(RESERVE, self._left + SHARE)

    def spend(self, now: float) -> bool:
        """Whether one may be sent on; then it is counted."""
        self._left = min(RESERVE, self._left + RATE * (now - self._at))
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
