"""``autorouter demo``: what it needs and does not find is a sentence. That it works: tests/e2e/test_fleet.py."""

import pytest

from autorouter.demo import machine
from tests.cli.conftest import command


def test_what_is_not_installed_is_named_with_what_brings_it(monkeypatch):
    monkeypatch.setitem(machine.EXTRAS, "no_such_package", "demo")
    done = command("", "demo", "--port", "8080")
    assert done.exit_code == 2
    assert done.stderr.startswith("demo: not installed: no_such_package; it is there after: pip install 'autorouter[")


def test_too_little_memory_is_told_with_how_much_there_is(monkeypatch):
    monkeypatch.setattr(machine, "NEEDED_MB", 1_000_000_000)
    done = command("", "demo", "--port", 48090)
    assert done.exit_code == 2
    assert "MB of memory are free, and three models need 1000000000 MB" in done.stderr


@pytest.mark.parametrize("name", ["DEMO_PORT"])
def test_the_port_may_stand_in_the_environment(name):
    done = command("", "demo", **{name: "abc"})
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "demo: DEMO_PORT: found 'abc', expected a number between 1 and 65532\n"
