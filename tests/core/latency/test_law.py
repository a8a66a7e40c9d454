"""What distance says of a round trip."""

from itertools import pairwise

import pytest

from autorouter.core.latency.law import RTTS, SPREADS, TYPICAL, rtt_of, spread, typical_rtt, z_of
from autorouter.core.units import Kilometres, Millis
from tests.measured import row


@pytest.mark.parametrize(("km", "ms"), TYPICAL)
def test_the_law_goes_through_its_knots(km, ms):
    assert typical_rtt(Kilometres(km)) == pytest.approx(ms)


def test_the_law_never_falls_with_distance_and_its_spread_never_grows():
    steps = [Kilometres(float(km)) for km in range(0, 20_100, 50)]
    assert all(typical_rtt(a) <= typical_rtt(b) for a, b in pairwise(steps))
    assert all(spread(a) >= spread(b) for a, b in pairwise(steps))


@pytest.mark.parametrize("km", [0, 4, 77, 503, 1999, 12_345, 20_015, 40_000])
def test_the_tables_say_what_the_law_says(km):
    assert RTTS[row(km)] == pytest.approx(typical_rtt(Kilometres(min(km, 20_040))), abs=0.7)
    assert SPREADS[row(km)] == pytest.approx(spread(Kilometres(km)), abs=0.01)


def test_the_way_to_where_errors_are_normal_and_back():
    assert rtt_of(z_of(Millis(33.0))) == pytest.approx(33.0)
    assert rtt_of(-50.0) == 0.0
