"""Who is believed how far."""

from autorouter.core.latency.sources import SOURCES
from tests.measured import sample, track

KERNEL, CLIENT = ("served", "probe"), "reported"


def test_what_a_kernel_measured_outranks_what_a_client_says():
    assert SOURCES["served"].rank == SOURCES["probe"].rank > SOURCES[CLIENT].rank


def test_nobodys_ranking_learns_from_what_another_client_says():
    assert {name for name, source in SOURCES.items() if source.trusted} == set(KERNEL)


def test_saying_it_again_makes_a_client_no_more_credible():
    once = track(sample(source=CLIENT))
    often = track(*(sample(at=10.0 * i, source=CLIENT, n=99) for i in range(9)))
    assert often.noise(often.at, 1.0) == once.noise(once.at, 1.0)


def test_a_client_is_less_credible_than_a_kernel_at_its_first_word():
    assert track(sample(source=CLIENT)).noise(0.0, 1.0) > track(sample(source="served")).noise(0.0, 1.0)
