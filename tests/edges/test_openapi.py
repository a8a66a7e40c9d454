"""The documents that programs read: they are what OpenAPI says they should be, and say what there is."""

import json

import pytest
from openapi_spec_validator import validate

from autorouter.api import operations as router
from autorouter.api.admin import operations as admin
from autorouter.wire.openapi import document, rendered
from node_agent.api import operations as node
from tests.agent.keys import entry, keys_file
from tests.agent.scenes import serving

EACH = pytest.mark.parametrize(
    "interface", [router.INTERFACE, node.INTERFACE, admin.INTERFACE], ids=["router", "node", "admin"]
)


def every(part, name):
    """All that is called *name*, anywhere in *part* of a document."""
    match part:
        case dict():
            return [
                found for key, value in part.items() for found in ([value] if key == name else every(value, name))
            ]
        case list():
            return [found for value in part for found in every(value, name)]
        case _:
            return []


@EACH
def test_it_is_openapi(interface):
    validate(document(interface, "1"))


@EACH
def test_every_operation_is_in_it(interface):
    told = document(interface, "1")["paths"]
    assert {(method.upper(), path) for path, methods in told.items() for method in methods} == {
        (each.method, each.path) for each in interface.operations
    }


@EACH
def test_every_component_is_used_and_goes_by_a_plain_name(interface):
    told = document(interface, "1")
    used = {each.rpartition("/")[2] for each in every(told, "$ref")}
    assert used == {*told["components"]["schemas"], *told["components"]["headers"]}
    assert all(name.isalnum() for name in told["components"]["schemas"])


@EACH
def test_every_code_that_a_status_may_have_is_told_with_what_to_do(interface):
    told = document(interface, "1")["paths"]
    for each in interface.operations:
        answers = told[each.path][each.method.lower()]["responses"]
        for code in (*each.codes, *interface.always):
            kind = interface.problems[code]
            assert f"`{code}`: {kind.title}. {kind.fix}" in answers[str(kind.status)]["description"]
            assert [codes for codes in every(answers[str(kind.status)], "enum") if code in codes]


@EACH
def test_it_is_the_same_each_time_it_is_made(interface):
    assert rendered(interface, "1") == rendered(interface, "1")
    assert rendered(interface, "1").tag != rendered(interface, "2").tag


async def test_the_router_hands_it_out(http):
    await handed_out(http)


async def test_the_node_hands_it_out_and_asks_for_no_key(tmp_path):
    async with serving(running=False, ring=keys_file(tmp_path, entry())) as scene:
        assert (await scene.get("/v1/models")).status == 401
        await handed_out(scene.client)


async def handed_out(http):
    answer = await http.get("/openapi.json")
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(await answer.text())["openapi"] == "3.1.0"
    again = await http.get("/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")
