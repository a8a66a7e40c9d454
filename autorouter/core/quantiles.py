"""How something that is measured of every request is spread."""

from dataclasses import dataclass

from autorouter.core.units import Millis


@dataclass(frozen=True, slots=True)
class Quantiles:
    """What so many of a hundred of the latest requests did not exceed."""

    p50: Millis
    p90: Millis
    p99: Millis
    n: int
    """How many there were."""
