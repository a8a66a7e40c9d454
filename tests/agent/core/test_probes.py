"""The memory that lets each network count once a slot."""

from node_agent.core.networks import network_of
from node_agent.core.probes import Once


def test_each_network_counts_once_a_slot_until_more_came_than_are_remembered():
    once = Once(most=2)
    here, there, elsewhere = map(network_of, ("192.0.2.1", "198.51.100.1", "203.0.113.1"))
    assert [once.is_first(network, 7) for network in (here, there)] == [True, True]
    assert [once.is_first(network, 7) for network in (elsewhere, elsewhere)] == [True, False]
    assert once.is_first(here, 7), "what was remembered before the memory was full is forgotten"
    assert once.is_first(here, 8)
    assert once.is_first(here, 7), "a clock that was set back begins a slot too"
