"""A herd of clients under cached answers, through the bench's own command and the router's own code."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUSY = "name: busy\nload: 0.8\nseconds: 60\n"


def bench(*arguments):
    command = [sys.executable, "-m", "tests.bench.herd", *arguments]
    return subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)


@pytest.fixture
def scenario(tmp_path):
    def written(text):
        path = tmp_path / "scenario.yaml"
        path.write_text(text)
        return path

    return written


def test_who_counts_its_own_answers_spares_its_clients_queues_and_moves(scenario):
    ran = bench("--scenario", scenario(BUSY), "--seed", "4", "--json")
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)["busy"]
    ours, theirs = told["autorouter"], told["until-full"]
    assert set(told) == {"autorouter", "until-full", "rtt+reports"}
    assert ours["p99"] < 0.6 * theirs["p99"]
    assert ours["queued_pct"] < 0.5 * theirs["queued_pct"]
    assert ours["moved_pct"] < 0.6 * theirs["moved_pct"]


def test_a_region_that_lies_gets_no_more_than_its_contract_grants(scenario):
    ran = bench("--scenario", scenario("name: liar\nload: 0.6\nseconds: 40\nliar: yul\n"), "--json")
    told = json.loads(ran.stdout)["liar"]
    assert told["autorouter"]["error_pct"] < 0.2 * told["until-full"]["error_pct"]


def test_one_seed_is_one_story(scenario):
    quiet = scenario("name: quiet\nload: 0.2\nseconds: 10\n")
    assert bench("--scenario", quiet, "--json").stdout == bench("--scenario", quiet, "--json").stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name: x\nload: 0\n", "greater than 0"),
        ("name: x\nload: 0.5\nspeed: 3\n", "speed"),
        ("name: x\nload: 0.5\nevents: [{at: 5, kill: atlantis}]\n", "kill"),
        ("{", "scenario.yaml"),
        ("- 1\n", "scenario.yaml"),
    ],
)
def test_a_scenario_that_cannot_be_is_a_sentence(scenario, text, words):
    ran = bench("--scenario", scenario(text))
    assert ran.returncode == 1
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_scenario_that_is_not_there_is_a_sentence():
    ran = bench("--scenario", "/nowhere.yaml")
    assert (ran.returncode, "Traceback" in ran.stderr) == (1, False)
    assert "/nowhere.yaml" in ran.stderr
