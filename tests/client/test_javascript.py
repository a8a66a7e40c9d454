"""The client for JavaScript, as those who use it have it: Node's own test runner, and TypeScript's compiler."""

import subprocess
from pathlib import Path

import pytest

JS = Path(__file__).parents[1] / "e2e/js"


def run(*command):
    done = subprocess.run(command, cwd=JS, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("tests", ["client.test.mjs", "fetch.test.mjs"])
def test_the_client_keeps_its_promises(tests):
    run("node", "--test", tests)


def test_the_client_is_typed():
    run("node", "node_modules/typescript/bin/tsc")
