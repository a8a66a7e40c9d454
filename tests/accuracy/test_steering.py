"""Steering on real round trips: the shipped matrix between cloud regions, through the bench's own command."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.world import rows

ROOT = Path(__file__).parents[2]
FIGURES = {"mean", "p50", "p95", "best", "within5", "within10", "worse5", "better5"}


def bench(*arguments):
    command = [sys.executable, "-m", "tests.bench.steering", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)


@pytest.mark.parametrize("phase", ["--warm", "--day0"])
def test_the_scoreboard(phase):
    ran = bench("--json", "--count", "10", "--seed", "3", phase)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    ours, nearest = told["autorouter"]["requests"], told["nearest"]["requests"]
    assert set(told) == {"nearest", "measured-min", "oracle", "autorouter"}
    assert {frozenset(figures) for each in told.values() for figures in each["requests"].values()} == {
        frozenset(FIGURES)
    }
    assert ours["1"]["mean"] <= nearest["1"]["mean"]
    assert ours["5"]["mean"] <= 0.5 * nearest["5"]["mean"]
    assert ours["5"]["within10"] >= 95
    assert told["autorouter"]["moves_per_day"] <= 0.1


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--rtt", "/nowhere.csv"], "nowhere.csv"),
        (["--regions", "1,999"], "999 not in"),
        (["--hosts", "tests/bench/azure/LICENSE"], "cannot read the world"),
        (["--count", "45"], "expected at least"),
    ],
)
def test_what_cannot_be_scored_is_a_sentence(arguments, word):
    ran = bench(*arguments)
    assert ran.returncode == 1
    assert word in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_file_as_spreadsheets_write_it_is_read(tmp_path):
    (tmp_path / "hosts.csv").write_bytes("id,name\n1,Montréal\n".encode("utf-8-sig"))
    assert list(rows(tmp_path / "hosts.csv")) == [{"id": "1", "name": "Montréal"}]
