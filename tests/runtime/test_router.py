"""The read path: what it remembers from one answer to the next, and what it counts."""

from autorouter.core.assigned import ANY, Assigned
from autorouter.core.catalog import Catalog
from autorouter.core.fleet import FleetSnapshot
from autorouter.core.latency.atlas import Atlas
from autorouter.core.names import RegionName
from autorouter.core.spill import Spill
from autorouter.core.units import Instant
from autorouter.runtime.router import Router
from autorouter.runtime.snapshots import Snapshots
from tests.scenes import MONTREAL, TORONTO, client, question, region

VIEWS = region("yto", TORONTO), region("yul", MONTREAL)


class Scene:
    def __init__(self, *views):
        regions = tuple(view.region for view in views)
        self.now = Instant(0.0)
        self.assigned = Assigned(self.now)
        snapshots = Snapshots(Catalog(regions), FleetSnapshot(1, self.now, views))
        self.router = Router(snapshots, Atlas(regions), Spill(self.assigned), lambda: self.now)

    def ask(self, **query):
        return self.router.route(question(**query)).chosen.view.region.name

    def live(self, name):
        self.assigned.turn(self.now)
        return self.assigned.live((f"https://api.{name}.example", ANY))


def test_a_network_stays_where_it_was_sent_last():
    scene = Scene(*VIEWS)
    assert scene.ask(who=client(TORONTO)) == "yto"
    assert scene.ask(who=client(MONTREAL), previous=None) == "yul"


def test_what_one_client_has_had_enough_of_says_nothing_of_the_others():
    scene = Scene(region("t1", TORONTO, slots=99), region("t2", TORONTO, slots=99))
    first = scene.ask()
    scene.ask(exclude=frozenset({RegionName(first)}))
    assert {scene.ask() for _ in range(5)} == {first}


def test_every_answer_counts_until_it_lapses_and_one_that_asks_again_is_counted_once():
    scene = Scene(region("yto", TORONTO))
    scene.ask()
    scene.ask(concurrency=4)
    assert scene.live("yto") == 5
    scene.now = Instant(67.0)
    scene.ask(previous=RegionName("yto"), concurrency=4)
    assert 4 <= scene.live("yto") <= 5
    scene.now = Instant(200.0)
    assert scene.live("yto") == 0


def test_who_was_never_here_takes_nothing_away():
    scene = Scene(*VIEWS)
    scene.ask(previous=RegionName("gone"))
    assert scene.live("yto") == 1
