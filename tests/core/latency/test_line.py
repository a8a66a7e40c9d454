"""How much a line jitters: assumed at first, then seen."""

from itertools import pairwise

import pytest

from autorouter.core.latency.line import JITTER, jitter_of
from autorouter.core.latency.sources import SOURCES
from autorouter.core.query import Access
from tests.measured import evidence, sample


def scattered(*offs, to="yto", jitter=100.0):
    """What is remembered of round trips about 50 ms; a line that is expected to jitter, so that none surprises."""
    return evidence(*(sample(50.0 + off, to=to, at=10.0 * i) for i, off in enumerate(offs)), jitter=jitter)


@pytest.mark.parametrize("access", Access)
def test_a_line_is_what_its_kind_is_known_for_until_it_is_measured_twice(access):
    assert jitter_of(evidence(), access) == JITTER[access]
    assert jitter_of(scattered(0.0), access) == JITTER[access]


@pytest.mark.parametrize("access", Access)
def test_a_line_that_is_steady_is_taken_for_steadier(access):
    assert 1.0 <= jitter_of(scattered(0.0, 0.1, -0.1, 0.0, 0.1), access) < JITTER[access]


def test_a_line_that_is_wild_is_taken_for_wilder():
    assert jitter_of(scattered(0.0, 9.0, -9.0, 8.0, -8.0), Access.FIXED) > JITTER[Access.FIXED]


def test_no_line_is_steadier_than_a_wired_one():
    steady = evidence(
        *(sample(50.0, to=f"r{i}", at=10.0 * j) for i in range(9) for j in range(SOURCES["served"].kept))
    )
    assert jitter_of(steady, Access.FIXED) == 1.0


def test_one_wild_sample_counts_no_more_for_being_wilder():
    assert jitter_of(scattered(0.0, 0.0, 60.0), Access.FIXED) == jitter_of(scattered(0.0, 0.0, 600.0), Access.FIXED)


def test_the_more_is_measured_the_less_counts_what_was_assumed():
    paths = [scattered(0.0, 5.0, -5.0, 5.0, -5.0, to="yto")]
    for i in range(4):
        more = [sample(50.0 + off, to=f"r{i}", at=10.0 * j) for j, off in enumerate((0.0, 5.0, -5.0, 5.0, -5.0))]
        paths.append(evidence(*more, known=paths[-1]))
    wired = [jitter_of(known, Access.FIXED) for known in paths]
    satellite = [jitter_of(known, Access.SATELLITE) for known in paths]
    gaps = [far - near for near, far in zip(wired, satellite, strict=True)]
    assert all(a > b for a, b in pairwise(gaps))


def test_what_a_client_reports_does_not_make_its_line_wild():
    told = evidence(*(sample(rtt, at=60.0 * i, source="reported") for i, rtt in enumerate((9.0, 900.0, 9.0, 90.0))))
    assert jitter_of(told, Access.FIXED) == JITTER[Access.FIXED]
