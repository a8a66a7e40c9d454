"""What a hold would take away is known before it is set."""

from dataclasses import replace

import pytest

from autorouter.core.fleet import FleetSnapshot, Health, Stage
from autorouter.core.holds import Hold, HoldKind
from autorouter.core.loss import loss, shares
from autorouter.core.units import Unix
from tests.scenes import MONTREAL, NEW_YORK, NOW, TORONTO, VANCOUVER, node, region


def hold(target):
    return Hold(target, HoldKind.DRAIN, "alice", "x", Unix(0.0))


def fleet(*views):
    return FleetSnapshot(1, NOW, views)


NONE_LEFT = "no region would be left that takes clients"

THREE = fleet(region("yto-01"), region("yvr-02", VANCOUVER), region("yul-01", MONTREAL))


def test_others_go_on_those_next_to_it_first():
    lost = loss(THREE, hold("yto-01"))
    assert (lost.told, lost.alternates) == ("", ("yul-01", "yvr-02"))


@pytest.mark.parametrize(
    ("views", "expected"),
    [
        ((), NONE_LEFT),
        ((region("yul-01", MONTREAL, health=Health.DOWN),), NONE_LEFT),
        ((region("yul-01", MONTREAL, stage=Stage.DRAINING),), NONE_LEFT),
        (
            (replace(region("yul-01", MONTREAL), holds=(hold("yul-01"),)),),
            "no region would be left that takes clients",
        ),
        ((region("nyc-01", NEW_YORK, country="US"),), "no region would be left in CA"),
        ((region("yul-01", MONTREAL, models=("other",)),), "smollm2 could be had nowhere"),
        (
            (region("nyc-01", NEW_YORK, country="US", models=("other",)),),
            "no region would be left in CA; smollm2 could be had nowhere",
        ),
    ],
)
def test_what_would_be_left_to_nobody_is_told(views, expected):
    assert loss(fleet(region("yto-01"), *views), hold("yto-01")).told == expected


def test_what_takes_no_clients_anyway_is_no_loss():
    down = region("yto-01", health=Health.DOWN)
    assert loss(fleet(down), hold("yto-01")).told == ""
    assert loss(fleet(replace(region("yto-01"), holds=(hold("yto-01"),))), hold("yto-01")).told == ""


def test_one_node_of_several_is_no_loss_and_the_last_one_is():
    two = region("yto-01", nodes=[node("a", endpoint="https://a"), node("b", endpoint="https://b")])
    assert loss(fleet(two), hold("a")).told == ""
    assert loss(fleet(two), hold("a")).alternates == ("yto-01",)
    one = region("yto-01", TORONTO, nodes=[node("a")])
    assert loss(fleet(one), hold("a")).told == "no region would be left that takes clients"


def test_what_exists_no_more_is_no_loss():
    assert loss(THREE, hold("gone")).alternates == ("yto-01", "yvr-02", "yul-01")


def test_a_node_that_is_reached_through_a_shared_endpoint_is_known_as_such():
    mixed = region("yto-01", nodes=[node("a"), node("b"), node("c", endpoint="https://c")])
    alone = region("yul-01", nodes=[node("d"), node("e", endpoint="https://e")])
    both = fleet(mixed, alone)
    assert [getattr(shares(both, name), "region", None) for name in "abcde"] == [mixed.region] * 2 + [None] * 3
    assert shares(both, "yto-01") is None
