"""What an operation makes of the names in a query; and that no table tells of what is not there."""

import pytest

from autorouter.api import operations as router
from autorouter.wire.operation import Answer, Operation, Parameter
from node_agent.api import operations as node
from node_agent.api.application import BOUND
from tests.edges.conftest import Site

WALK = Operation(
    "walk",
    "GET",
    "/walk",
    "",
    "",
    (Answer(""),),
    (Parameter("pace", ""), Parameter("stop", "", most=2), Parameter("mood", "", where="header")),
)


def test_only_what_may_be_in_a_query_is_known_in_one():
    assert WALK.unknown(["pace", "stop"]) is None
    assert WALK.unknown(["pace", "mood"]) == "mood"


@pytest.mark.parametrize(
    ("names", "beyond"),
    [([], None), (["pace", "stop", "stop"], None), (["stop"] * 3, "stop"), (["pace", "stop", "pace"], "pace")],
)
def test_a_parameter_is_there_as_often_as_it_may_be(names, beyond):
    found = WALK.beyond(names)
    assert (found and found.name) == beyond


def routed(application):
    return {(each.method, each.resource.canonical) for each in application.router.routes() if each.method != "HEAD"}


def test_the_router_answers_to_its_table_and_to_nothing_else():
    assert routed(Site().app()) == {(each.method, each.path) for each in router.INTERFACE.operations}


def test_the_node_answers_to_its_table_and_to_nothing_else():
    assert {id(each) for each, _ in BOUND} == {id(each) for each in node.INTERFACE.operations}


@pytest.mark.parametrize("interface", [router.INTERFACE, node.INTERFACE], ids=["router", "node"])
def test_a_table_names_nothing_that_does_not_exist(interface):
    names = [each.name for each in interface.operations]
    assert len(names) == len(set(names))
    for each in interface.operations:
        assert {*each.codes, *interface.always} <= set(interface.problems)
        assert not each.key or each.key in interface.keys
