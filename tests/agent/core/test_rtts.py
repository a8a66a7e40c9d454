"""The table of round trips: what it remembers, and the laws of its cursor."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node_agent.core.networks import Network
from node_agent.core.rtts import LATEST, Rtts, Via
from node_agent.core.units import Instant, Millis

HERE, THERE = Network("192.0.2.0/24"), Network("2001:db8:7::/48")
EVERYTHING = 1_000_000


def note(table, network=HERE, rtt=10.0, via=Via.SERVED, now=0.0):
    table.note(network, via, Millis(rtt), Instant(now))


def kept(table):
    return {(each.network, each.via): each for each in table}


@pytest.mark.parametrize(
    ("seen", "median"),
    [([7], 7), ([9, 30], 9), ([30, 9, 10], 10), ([1, 2, 3, 4, 500], 3), ([500, 500, 1, 2, 3, 4, 5], 3)],
)
def test_the_median_is_of_the_latest_and_of_two_the_lower(seen, median):
    table = Rtts()
    for now, rtt in enumerate(seen):
        note(table, rtt=rtt, now=float(now))
    (found,) = table
    assert (found.median, len(found.latest), found.last) == (median, min(len(seen), LATEST), len(seen) - 1)


def test_a_path_that_changed_is_seen_in_three():
    table = Rtts()
    for rtt in [10] * 5 + [50] * 2:
        note(table, rtt=rtt)
    assert next(iter(table)).median == 10
    note(table, rtt=50)
    assert next(iter(table)).median == 50


def test_what_was_served_and_what_was_probed_are_told_apart():
    table = Rtts()
    note(table, rtt=10)
    note(table, rtt=20, via=Via.PROBE)
    assert {key: each.median for key, each in kept(table).items()} == {(HERE, Via.SERVED): 10, (HERE, Via.PROBE): 20}


def test_a_full_table_forgets_what_changed_longest_ago():
    table = Rtts(most=2)
    for network in (HERE, THERE, HERE, Network("198.51.100.0/24")):
        note(table, network)
    assert [each.network for each in table] == [HERE, "198.51.100.0/24"]


@pytest.mark.parametrize("start", [0, 1_800_000_000_000_000])
def test_a_cursor_that_was_never_given_gets_everything(start):
    table = Rtts(start)
    note(table)
    assert table.since(start + 1, EVERYTHING).rtts == ()
    assert len(table.since(start + 2, EVERYTHING).rtts) == 1


def test_a_cursor_of_an_earlier_life_gets_everything():
    earlier, later = Rtts(1000), Rtts(2000)
    for _ in range(5):
        note(earlier)
        note(later, THERE)
    assert later.since(earlier.since(0, EVERYTHING).upto, EVERYTHING) == later.since(0, EVERYTHING)


def test_a_table_without_changes_tells_where_to_go_on():
    assert Rtts(7).since(0, EVERYTHING).upto == 7


networks = st.sampled_from([HERE, THERE, Network("198.51.100.0/24")])
notes = st.tuples(st.just("note"), networks, st.sampled_from(list(Via)), st.sampled_from([1.0, 2.0, 40.0]))
reads = st.tuples(st.just("read"), st.sampled_from([0, 1]))
histories = st.lists(st.one_of(notes, reads), max_size=40)


class Reader:
    """Somebody who follows the cursor."""

    def __init__(self, page):
        self.cursor, self.page, self.seen = 0, page, {}

    def read(self, table):
        news = table.since(self.cursor, self.page)
        assert len(news.rtts) <= self.page
        assert [each.change for each in news.rtts] == sorted({each.change for each in news.rtts})
        assert all(each.change > self.cursor for each in news.rtts)
        self.cursor = news.upto
        self.seen |= {(each.network, each.via): each for each in news.rtts}
        return news.rtts


@given(histories, st.sampled_from([1, 2, 4096]), st.sampled_from([0, 1000]), st.sampled_from([1, 2, 200]))
def test_whoever_follows_the_cursor_sees_the_latest_of_every_network_that_is_kept(history, most, start, page):
    table, readers = Rtts(start, most), [Reader(page), Reader(page)]
    for now, (kind, *what) in enumerate(history):
        if kind == "note":
            note(table, what[0], what[2], what[1], float(now))
            assert len(kept(table)) <= most
        else:
            readers[what[0]].read(table)
    for reader in readers:
        while reader.read(table):
            pass
        assert reader.seen | kept(table) == reader.seen
        assert reader.cursor == table.since(0, EVERYTHING).upto


def test_to_tell_nothing_new_costs_nothing_however_much_is_kept():
    table = Rtts()
    for number in range(4096):
        note(table, Network(f"10.{number >> 8}.{number & 255}.0/24"))
    cursor = table.since(0, EVERYTHING).upto
    began = time.process_time()
    for _ in range(1000):
        assert not table.since(cursor, 200).rtts
    assert time.process_time() - began < 0.05, "looking at all of them takes 0.2 s"
