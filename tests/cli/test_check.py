"""``autorouter check``: faults are told as before; what is legal and hardly meant is told too."""

import pytest

from tests.cli.conftest import as_json, command, printed
from tests.e2e.process import regions_yaml

THREE = dict.fromkeys(("yto-01",), "https://a.example")


@pytest.fixture
def check(tmp_path):
    def run(text, *options):
        path = tmp_path / "regions.yaml"
        path.write_text(text)
        return command("http://127.0.0.1:1", "check", path, *options)

    return run


def test_a_good_file_is_one_line(check):
    assert printed(check(regions_yaml(THREE))) == "regions.yaml: 1 regions, 1 nodes, all well-formed"
    told = as_json(check(regions_yaml(THREE), "--json"))
    assert (told["well_formed"], told["regions"], told["faults"], told["warnings"]) == (True, 1, [], [])


def test_a_broken_file_ends_with_two_and_every_fault(check):
    broken = regions_yaml(THREE).replace("43.65", "143.65").replace("stage: active", "stage: actve")
    done = check(broken)
    assert (done.exit_code, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) >= 2
    told = as_json(check(broken, "--json"), 2)
    assert told["well_formed"] is False
    assert done.stderr.splitlines() == told["faults"]


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (regions_yaml(THREE, stage="draining"), "no region is active"),
        (regions_yaml(THREE).replace("[127.0.0.0/8]", '["::/0"]'), "anybody may say where they come from"),
        (regions_yaml({"yto-01": "http://a.example"}), "http://a.example is not encrypted"),
        (regions_yaml({"yto-01": "http://127.0.0.1:1", "yul-01": "https://b.example"}, country={"yul-01": "US"})
         .replace("45.5", "43.7").replace("-73.57", "-79.3"), "one in CA and one in US: residency goes by country"),
        (regions_yaml(THREE).replace("latitude: 43.65\n    longitude: -79.38", "latitude: 0\n    longitude: 0"),
         "yto-01 is at 0, 0, in the sea"),
        (regions_yaml(THREE).replace("-79.38", "79.38").replace("43.65, longitude: 79", "43.65, longitude: -79"),
         "yto-01 is at 43.65, 79.38, which is not in CA; did you mean 43.65, -79.38?"),
        (regions_yaml(THREE, country={"yto-01": "NZ"}), "yto-01 is at 43.65, -79.38, which is not in NZ"),
        (regions_yaml({"yto-01": "https://a.example", "yul-01": "https://b.example"})
         .replace('agent: "https://b', 'agent: "https://a'), "yto-01 and yul-01 have the same agent"),
    ],
)  # fmt: skip
def test_what_is_legal_and_hardly_meant_is_a_warning_and_no_fault(check, text, warning):
    done = check(text)
    assert done.exit_code == 0, done.output
    assert warning in " ".join(done.stdout.split())
    assert done.stdout.count("warning: ") == 1
    assert warning in as_json(check(text, "--json"))["warnings"][0]
