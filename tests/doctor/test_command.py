"""``autorouter doctor``, as its user has it."""

import json
import os
import resource
import socket
import subprocess
import sys
import time

import pytest

from tests.agent.process import started
from tests.docs.fleet import router
from tests.doctor.cases import SECRET
from tests.e2e.process import regions_yaml
from tests.valkey import running


def doctor(*options, limit=None, secret=SECRET):
    """What it says, and its exit code."""
    command = [sys.executable, "-m", "autorouter", "doctor", *map(str, options)]
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    return subprocess.run(
        command,
        env={**environment, "AUTOROUTER_KEY": secret},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        preexec_fn=(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))) if limit else None,
    )


@pytest.fixture
def regions(tmp_path):
    file = tmp_path / "regions.yaml"
    file.write_text(regions_yaml({"yto-01": "http://127.0.0.1:1"}))
    return file


def test_all_is_well(tmp_path, monkeypatch):
    """A router, a node and a Valkey that keeps what it is told: nothing is wrong, whatever may be warned of."""
    monkeypatch.setenv("AUTOROUTER_KEY", SECRET)
    file = tmp_path / "regions.yaml"
    with running(tmp_path) as valkey, started("--engine", "echo") as node:
        with valkey.client() as client:
            client.config_set("appendonly", "yes")
        file.write_text(regions_yaml({"yto-01": node.url}))
        with router(file.read_text(), valkey.url) as url:
            done = doctor("--regions", file, "--redis", valkey.url, "--port", url.rpartition(":")[2], "--json")
    found = json.loads(done.stdout)
    assert [each for each in found["findings"] if each["verdict"] in {"wrong", "broken"}] == []
    assert (done.returncode, found["exit_code"], done.stderr) == (0, 0, "")
    checked = {each["check"] for each in found["findings"] if each["verdict"] == "ok"}
    assert {"regions", "key", "clock", "nodes", "redis", "machine", "port"} <= checked


def test_what_is_wrong_is_told_with_its_fix_and_the_code_is_1(regions):
    done = doctor("--regions", regions, "--port", 0)
    assert done.returncode == 1
    assert "✗ nodes          yto-01 at http://127.0.0.1:1: connection refused" in done.stdout
    assert "fix: curl -i http://127.0.0.1:1/livez" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("1 wrong, ")
    assert SECRET not in done.stdout


def test_few_open_files_are_found(regions):
    done = doctor("--regions", regions, "--port", 0, limit=512)
    assert "✗ machine        a process may open 512 files" in done.stdout
    assert "fix: ulimit -n 65536" in done.stdout


def test_all_of_it_takes_no_longer_than_it_promises(tmp_path):
    """Nothing answers: a Redis that is paused, nodes that take connections and say nothing."""
    with running(tmp_path) as valkey, socket.create_server(("127.0.0.1", 0), backlog=64) as mute:
        file = tmp_path / "regions.yaml"
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        file.write_text(regions_yaml({"yto-01": url}))
        valkey.pause()
        began = time.monotonic()
        try:
            done = doctor("--regions", file, "--redis", valkey.url, "--port", 0)
        finally:
            valkey.resume()
    assert done.returncode == 1
    assert time.monotonic() - began < 15  # five, and a busy machine
    assert "no answer within 3 s" in done.stdout


def test_no_regions_yaml_is_one_fault(tmp_path):
    done = doctor("--regions", tmp_path / "regions.yaml", "--port", 0)
    assert done.returncode == 1
    assert done.stdout.count("✗") == 1


def test_an_option_that_there_is_not():
    assert doctor("--prot", "1").returncode == 2


def test_it_takes_all_options_of_serve_and_says_what_is_wrong_with_the_admin_api(regions, tmp_path):
    options = ("--regions", regions, "--port", 0, "--open", "--admin-keys", tmp_path / "keys.yaml", "--json")
    told = {at: doctor(*options, "--admin", at) for at in ("off", "nonsense")}
    findings = {at: [each["told"] for each in json.loads(done.stdout)["findings"]] for at, done in told.items()}
    assert not any("--admin" in each for each in findings["off"])
    assert any(each.startswith("--admin: found 'nonsense'") for each in findings["nonsense"])
    assert not any("no --state" in each for each in findings["off"])
