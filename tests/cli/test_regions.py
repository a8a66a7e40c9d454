"""``autorouter regions`` and ``models``: what an SRE at 3 a.m. sees first is what is not well."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from autorouter.core.fleet import Health, Stage
from tests.cli.conftest import as_json, command, printed, saying, served
from tests.scenes import MONTREAL, NEW_YORK, TORONTO, VANCOUVER, node, region

GOLDEN = json.loads((Path(__file__).parents[1] / "wire/v1/regions.json").read_text())
HOLD = {"kind": "drain", "by": "ana", "reason": "new firmware", "since": 1_700_000_000, "until": None}


def held(*, of_region=False):
    """The answer of a router that knows holds, with one on yul-01 or on its node."""
    told = json.loads(json.dumps(GOLDEN))
    target = told["regions"][1] if of_region else told["regions"][1]["nodes"][0]
    target["holds"] = [{"target": "yul-01", **HOLD}]
    return json.dumps(told).encode()


def test_when_all_is_well_the_first_line_says_so(url):
    screen = printed(command(url, "regions"))
    assert screen.startswith("3 of 3 regions are up\n")
    assert "smollm2:4/4" in screen
    assert screen.index("yvr-02") < screen.index("Planned") < screen.index("nyc-01")


def test_what_is_not_well_comes_first_with_its_reason_and_the_exit_code_is_one(behind, url):
    behind.fleet(
        region("yto-01", TORONTO, busy=3, queued=0.4),
        region("yul-01", MONTREAL, nodes=[node("a"), node("b", health=Health.DOWN, reason="connection refused")]),
        region("yvr-02", VANCOUVER, health=Health.UNKNOWN),
        region("nyc-01", NEW_YORK, stage=Stage.MAINTENANCE),
    )
    screen = printed(command(url, "regions"), 1)
    lines = screen.splitlines()
    assert lines[0] == "2 of 4 regions are not as they should be"
    assert lines[2].split() == ["yul-01", "up,", "1", "of", "2", "nodes", "up", "-", "b:", "connection", "refused"]
    assert lines[3].split() == ["yvr-02", "unknown", "-", "not", "looked", "at", "yet"]
    assert screen.index("Held back") < screen.index("nyc-01  maintenance") < screen.index("Up\n")
    assert "smollm2:1/4" in screen
    assert as_json(command(url, "regions", "--json"), 1)["revision"] == 7


def test_a_node_that_drains_gives_no_room(behind, url):
    behind.fleet(
        region("yto-01", TORONTO, nodes=[node("a", draining=True), node("b", slots=3)]), region("yul-01", MONTREAL)
    )
    screen = printed(command(url, "regions"))
    assert screen.startswith("1 of 2 regions are up\n")
    assert "up, 1 of 2 nodes take clients" in " ".join(screen.split())
    assert "a: draining, as it says itself" in " ".join(screen.split())
    assert "7 of 7" in printed(command(url, "models"))


def test_one_node_that_is_held_does_not_hide_behind_the_others():
    told = json.loads(json.dumps(GOLDEN))
    nodes = told["regions"][1]["nodes"]
    nodes.append({**nodes[0], "node": "yul-01-b", "holds": [{"target": "yul-01-b", **HOLD, "until": 4e9}]})
    with saying(json.dumps(told).encode()) as url:
        screen = " ".join(printed(command(url, "regions")).split())
    assert "up, 1 of 2 nodes take clients" in screen
    assert re.search(r"yul-01-b drained by ana for \d+ days more: new firmware", screen)


@pytest.mark.parametrize("of_region", [True, False])
def test_what_somebody_holds_is_no_fault_and_says_who_and_why(of_region):
    with saying(held(of_region=of_region)) as url:
        screen = printed(command(url, "regions"))
        one = printed(command(url, "regions", "yul-01"))
    assert screen.startswith("2 of 3 regions are up\n")
    assert "yul-01 drained by ana until taken back: new firmware" in " ".join(screen.split())
    assert "drained" in one
    assert "taken back" in one


def test_one_region_is_shown_whole_by_any_of_its_names(behind, url):
    view = region("yto-01", TORONTO, aliases=frozenset({"toronto"}), nodes=[node("yto-01", busy=2, seen=None)])
    behind.fleet(view, region("yul-01", MONTREAL, health=Health.DOWN))
    screen = printed(command(url, "regions", "Toronto"))
    assert screen.startswith("yto-01  Yto-01\nstate ")
    assert "smollm2  yto-01  ready      4   2.0" in screen
    assert as_json(command(url, "regions", "YTO-01", "--json"))["region"] == "yto-01"
    assert as_json(command(url, "regions", "yul-01", "--json"), 1)["health"] == "down"


def test_a_region_that_does_not_exist_is_told_with_what_was_meant(url):
    done = command(url, "regions", "tyo-01")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "no region 'tyo-01'; did you mean 'yto-01'?\n"


def test_models_say_where_they_can_be_had_and_what_is_left(behind, url):
    behind.fleet(
        region("yto-01", TORONTO, nodes=[node("yto-01", models=("a", "b"), busy=1)]),
        region("yul-01", MONTREAL, nodes=[node("yul-01", models=("a",))]),
        region("yvr-02", VANCOUVER, nodes=[node("yvr-02", models=("c",), state="cold", loading=2000.0)]),
    )
    lines = printed(command(url, "models")).splitlines()
    assert lines[1].split() == ["a", "2", "7", "of", "8", "yto-01,", "yul-01"]
    assert lines[3].split() == ["c", "1", "cold", "yvr-02"]
    one = printed(command(url, "models", "a"))
    assert one.startswith("a can be had in 2 regions\n")
    assert "3 of 4" in one
    assert "yvr-02" not in one
    assert "cold, loads in 2 s" in printed(command(url, "models", "c"))


def test_a_model_is_shown_by_node_as_fast_as_it_was_of_late():
    told = json.loads((Path(__file__).parents[1] / "wire/v1/endpoints.json").read_text())
    with saying(json.dumps(told).encode()) as url:
        lines = printed(command(url, "models", "smollm2")).splitlines()
        assert as_json(command(url, "models", "smollm2", "--json")) == told
    assert lines[2].split() == ["yto-01", "yto-01-a", "ready", "2", "of", "4", "0", "41", "ms", "-"]


def test_a_model_that_can_be_had_nowhere_ends_with_one(behind, url):
    behind.fleet(region("yto-01", TORONTO, health=Health.DOWN))
    assert "nowhere now" in printed(command(url, "models"), 1)
    assert "not offered: down" in printed(command(url, "models", "smollm2"), 1)
    assert as_json(command(url, "models", "--json"), 1)["data"][0]["regions"] == []


def test_a_model_that_does_not_exist_is_told_with_those_that_do(url):
    assert command(url, "models", "smol").stderr.startswith("no region has 'smol'; did you mean 'smollm2'?")
    done = command(url, "models", "a/../b")
    assert (done.exit_code, done.stderr) == (2, "no region has 'a/../b'; there are: smollm2\n")
    assert as_json(command(url, "models", "gpt", "--json"), 2)["code"] == "model_not_found"


def test_a_fleet_without_models_is_no_error(behind, url):
    behind.fleet(region("yto-01", TORONTO, nodes=[node("yto-01", models=())]))
    assert printed(command(url, "models")) == "no region has any model"


def test_names_are_shown_and_not_obeyed(behind):
    evil = region("yto-01", TORONTO)
    evil = replace(evil, region=replace(evil.region, title="[red]Tor\x1b[31m\u202eonto[/red]"))
    behind.fleet(evil)
    with served(behind.app) as url:
        for each in (("regions",), ("regions", "yto-01"), ("route",), ("explain",)):
            done = command(url, *each)
            screen = printed(done)
            assert "\u202e" not in screen
            assert "[red]Tor\\x1b[31m\\u202eonto[/red]" in screen.replace("\n", "")
        done = command(url, "route", "--json")
        assert as_json(done)["name"] == evil.region.title
        assert not {"\x1b", "\u202e"} & set(done.stdout)


def test_a_long_name_is_one_piece_as_far_as_there_is_room(behind, url):
    long = "a-model-with-quite-a-long-name-8b"
    behind.fleet(*(region(f"region-{i:02}", TORONTO, nodes=[node(f"n{i}", models=(long,))]) for i in range(9)))
    screen = printed(command(url, "models"))
    assert screen.splitlines()[1].split()[:2] == [long, "9"]
    assert "and 3 more" in " ".join(screen.split())


def test_of_many_models_those_with_least_room_are_told(behind, url):
    nodes = [node("roomy", models=[f"m{i}" for i in range(8)]), node("busy", models=("full",), busy=4)]
    behind.fleet(region("yto-01", TORONTO, nodes=nodes))
    screen = " ".join(printed(command(url, "regions")).split())
    assert "full:0/4 m0:4/4 m1:4/4 m2:4/4 m3:4/4 m4:4/4 and 3 more" in screen
    assert "m7" in printed(command(url, "regions", "yto-01"))


def test_a_model_that_is_not_offered_somewhere_says_why(behind, url):
    behind.fleet(region("yto-01", TORONTO), region("yul-01", MONTREAL, stage=Stage.MAINTENANCE))
    screen = printed(command(url, "models", "smollm2"))
    assert "not offered:" in screen
    assert "maintenance in" in screen
    (row,) = (line.split() for line in screen.splitlines() if line.startswith("yul-01"))
    assert row[-4:] == ["-", "0", "-", "-"]
