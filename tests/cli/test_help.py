"""``--help`` is there at once, and leaves no option out."""

import json
import os
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from autorouter.cli import COMMANDS, main

HEAVY = ("aiohttp", "redis", "rich", "pydantic", "geoip2", "maxminddb", "yaml", "uvloop", "cryptography")
ASKING = ("route", "explain", "regions", "models", "netcheck", "check")


@pytest.mark.parametrize("name", COMMANDS)
def test_help_names_every_option_and_says_what_the_command_is_for(name):
    command = main.get_command(click.Context(main), name)
    told = CliRunner().invoke(main, [name, "--help"]).stdout
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert command.help
    assert all(any(word in told for word in each.opts) and each.help for each in options)


@pytest.mark.parametrize("name", ASKING)
def test_help_says_what_the_exit_codes_mean_and_offers_json(name):
    told = CliRunner().invoke(main, [name, "--help"]).stdout
    assert "Exit code" in told
    assert "--json" in told


def test_help_loads_nothing_heavy():
    lines = [[name, "--help"] for name in ASKING]
    code = f"""
import sys
from click.testing import CliRunner
from autorouter.cli import main
for line in {json.dumps([[], *lines])}:
    assert CliRunner().invoke(main, [*line, "--help"] if not line else line).exit_code == 0
print(*(set({HEAVY}) & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_a_pipe_that_is_closed_early_ends_a_command_in_silence():
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "autorouter", "geoip", "--help"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
