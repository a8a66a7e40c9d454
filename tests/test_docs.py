"""The tables in docs/ are those of the code."""

import re
from pathlib import Path

import pytest

from autorouter.api.operations import ROUTE
from autorouter.api.problems import PROBLEMS
from autorouter.config.shape import SHAPE_AT
from autorouter.doctor.checks import CHECKS as ROUTERS
from autorouter.wire.access import Claims, KeyEntry
from node_agent.api.problems import CATALOGUE
from node_agent.doctor.checks import CHECKS as NODES

DOCS = Path(__file__).parents[1] / "docs"


def named(path, heading):
    """Every `word` in the first column of the tables under *heading*."""
    text = (DOCS / path).read_text().partition(heading)[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("|")]
    return {word for row in rows for word in re.findall(r"`([^`]+)`", row)}


@pytest.mark.parametrize(
    ("path", "heading", "known"),
    [
        ("api.md", "## `GET /v1/route`", ROUTE.query),
        ("api.md", "## Errors", set(PROBLEMS)),
        ("node.md", "## Errors", set(CATALOGUE)),
    ],
)
def test_a_table_names_all_there_is_and_nothing_else(path, heading, known):
    assert named(path, heading) == set(known)


def test_every_key_of_regions_yaml_is_documented():
    keys = {key for shape in SHAPE_AT.values() for key in shape.model_fields}
    told = {word.removeprefix("nodes[].") for word in named("regions.md", "# regions.yaml")}
    assert keys == told


def test_every_word_of_a_keys_file_and_of_a_token_is_documented():
    assert named("keys.md", "## The keys file") == set(KeyEntry.model_fields)
    assert named("keys.md", "## Tokens") == set(Claims.model_fields) | {"aud"}
    assert named("keys.md", "## What a key") <= set(CATALOGUE)


def test_every_check_of_the_doctors_is_documented():
    tables = (DOCS / "doctor.md").read_text().partition("| router | |")[2].partition("| node | |")
    told = [
        re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in rows.splitlines() if row.startswith("|")))
        for rows in tables[::2]
    ]
    assert told == [list(ROUTERS), list(NODES)]
