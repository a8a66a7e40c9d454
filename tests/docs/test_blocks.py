"""Every code block of README.md and docs/*.md does what the page says.

A block is fenced, and says which language it is:

- ``console``: lines that begin with ``$ `` are commands (``> `` or a ``\\`` at the end continues one). What is shown
  below a command is what it prints: ``…`` stands for anything, a number for any number, lines may be broken
  otherwise. Where nothing is shown nothing is compared, and the command must succeed. ``$ echo $?`` shows a code.
- ``sh``: run as a whole, and must succeed. One shell runs all of a page's ``sh`` and ``console``, so variables stay.
- ``python``: all of a page's in one interpreter; ``await`` may stand at the top; with ``>>>`` it is a doctest.
- ``js``: each a module for node, with the packages of tests/e2e/js.
- ``json``: must parse. ``json RouteAnswer``, or another shape of `autorouter.wire`: must be one, with no member that
  the shape does not have.
- ``yaml regions.yaml``, ``keys.yaml``, ``catalogue.yaml``: loaded as that file, and then lies there for the commands
  that follow. A regions.yaml without ``regions:`` gets those of the fleet.
- ``mermaid``: a picture.

The pages' addresses (``http://127.0.0.1:8080`` or ``https://router.example``, the nodes at ``:8081`` to ``:8083``,
``redis://localhost``) are those of a fleet that runs meanwhile: a router, Valkey, and three nodes that offer what the
demo's do, yto-01 on a real Triton, the others on an engine that repeats what it hears. ``serve`` in a block runs in
the background, on a port of its own, until the page serves anew or the tests end. A page works in a folder of its own
with the fleet's regions.yaml and a keys.yaml of one key. What looks for a router or a node of
this machine finds the fleet's (``AUTOROUTER_PORT``, ``NODE_AGENT_PORT``). To add: ``page``, ``fleet.Fleet.here``.

What cannot run here has the reason right above it, ``<!-- not run: it wants a GPU -->``, and its line in `NOT_RUN`.
"""

import pytest

from tests.docs.blocks import PAGES, blocks, unfenced
from tests.docs.page import RUNS

NOT_RUN = {
    ("README.md", "it needs the ports of the demo"),
    ("README.md", "it runs this"),
}
"""Pages and reasons. Keep it short: what is here nobody checks."""

ALL = blocks()


@pytest.mark.parametrize("block", [each for each in ALL if each.language in RUNS and not each.reason], ids=str)
def test_a_block_does_what_its_page_says(block, page_of):
    assert page_of(block.page).outcome(block) == ""


@pytest.mark.parametrize("block", ALL, ids=str)
def test_a_block_says_which_language_it_is(block):
    assert block.reason or block.language in {*RUNS, "mermaid"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_code_is_fenced(path):
    assert unfenced(path.read_text()) == []


def test_what_is_not_run_is_known():
    assert {(each.page, each.reason) for each in ALL if each.reason} == NOT_RUN
