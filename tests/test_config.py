"""regions.yaml: what is shipped loads, and each file in ``bad_config/`` gets exactly the message it states."""

from pathlib import Path

import pytest

from autorouter.config import ConfigError, load, parse
from autorouter.core.fleet import Stage

ROOT = Path(__file__).parents[1]
BAD = sorted((ROOT / "tests/bad_config").glob("*.yaml"))

GOOD = """
regions:
  - id: osl-01
    name: Oslo
    latitude: 59.91
    longitude: 10.75
    country: NO
    tier: metro
    stage: active
    endpoint: https://api.osl-01.example
    nodes:
      - {id: osl-01, agent: "https://node.osl-01.example"}
"""


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_file_gets_exactly_its_message(path):
    """Each file begins with comments that state its message, one line per fault."""
    lines = path.read_text().splitlines()
    expected = [line.removeprefix("# ") for line in lines if line.startswith("# ")]
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert list(caught.value.faults) == expected


def test_there_is_a_zoo_of_bad_files():
    assert len(BAD) >= 30


@pytest.mark.parametrize("path", ["regions.yaml", "autorouter/demo/regions.yaml"])
def test_what_is_shipped_is_well_formed(path):
    catalog = load(ROOT / path)
    stages = {region.name: region.stage for region in catalog.regions}
    assert {"yto-01", "yvr-02", "yul-01"} == {name for name, stage in stages.items() if stage is Stage.ACTIVE}
    assert all(stage in {Stage.ACTIVE, Stage.PLANNED} for stage in stages.values())


def test_norway_is_a_country():
    assert parse(GOOD, "x.yaml").regions[0].country == "NO"


def test_defaults_are_those_documented():
    catalog = parse(GOOD, "x.yaml")
    assert (catalog.probe_every, catalog.ttl, catalog.policy) == (2.0, 60.0, "lowest-latency")
    assert catalog.trusted_proxies == ()


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "{" * 300, "a: " * 300, "\0", "- " * 5000, "&a [*a]", "---\n---\n", "\t", "%"]
)
def test_nothing_makes_the_reader_do_anything_but_say_what_is_wrong(text):
    with pytest.raises(ConfigError):
        parse(text, "x.yaml")


def test_a_file_of_many_megabytes_is_refused_unread():
    with pytest.raises(ConfigError, match="expected at most"):
        parse("#" * (2 << 20), "x.yaml")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.yaml: cannot be read: No such file"):
        load(tmp_path / "nowhere.yaml")


def test_bytes_that_are_no_text_are_named(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_bytes(b"regions: \xff\xfe")
    with pytest.raises(ConfigError, match="byte 9 is not UTF-8"):
        load(path)
