"""On a real terminal: colours, indented JSON, and a watch that Ctrl-C ends."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

BIN = Path(sys.executable).parent


@contextmanager
def on_terminal(url, *arguments, **environment):
    """The command as a process on a terminal of its own; and a reader of what it shows."""
    ours, theirs = pty.openpty()
    kept = {key: value for key, value in os.environ.items() if key not in {"NO_COLOR", "FORCE_COLOR"}}
    said = {**kept, "AUTOROUTER_URL": url, "COLUMNS": "80", "TERM": "xterm-256color", **environment}
    process = subprocess.Popen(
        [BIN / "autorouter", *arguments], stdout=theirs, stderr=theirs, stdin=theirs, env=said, start_new_session=True
    )
    os.close(theirs)
    shown = []

    def read(until=lambda _: False, within=15.0):
        """What it has shown, once *until* holds of it or it has ended."""
        end = time.monotonic() + within
        while not until("".join(shown)):
            assert time.monotonic() < end, shown
            if not select.select([ours], [], [], 0.2)[0]:
                continue
            try:
                if not (data := os.read(ours, 65536)):
                    break
            except OSError:  # the other side is closed
                break
            shown.append(data.decode())
        return "".join(shown)

    try:
        yield process, read
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        os.close(ours)


def test_states_have_a_colour_on_a_terminal_unless_it_is_not_wanted(url):
    with on_terminal(url, "regions") as (_, read):
        assert "\x1b[" in read()
    with on_terminal(url, "regions", NO_COLOR="1") as (_, read):
        assert not re.search("\x1b\\[[0-9;]*3[0-9]m", read())


def test_json_is_indented_on_a_terminal(url):
    with on_terminal(url, "regions", "--json") as (_, read):
        text = read()
    assert text.count("\n") > 20
    assert json.loads(text)["revision"] == 7


def test_a_watch_looks_again_and_ctrl_c_ends_it(url):
    with on_terminal(url, "regions", "--watch") as (process, read):
        read(lambda text: text.count("3 of 3 regions are up") >= 2)
        process.send_signal(signal.SIGINT)
        read()
        assert process.wait(10) == 0


def test_a_ctrl_c_that_is_lost_where_it_arrives_ends_a_watch_all_the_same(url):
    code = """
import os, signal, sys
from autorouter.cli import main, overview
shown = overview.show_all
class Loses:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(100_000): pass
def show_all(there):
    shown(there)
    Loses()
overview.show_all = show_all
main(["regions", "--watch"])
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"AUTOROUTER_URL": url},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert "Exception ignored" in done.stderr
    assert done.returncode == 0


def test_a_watch_outlives_its_router():
    with on_terminal("http://127.0.0.1:9", "regions", "--watch") as (process, read):
        read(lambda text: text.count("no router answers") >= 2)
        assert process.poll() is None


def test_measuring_shows_how_far_it_is(url):
    with on_terminal(url, "netcheck") as (process, read):
        assert "measuring regions" in read()
        assert process.wait(10) == 1
