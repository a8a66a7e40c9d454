"""One agent with a real Triton for all tests that leave it as it was."""

import asyncio

import pytest

from tests.agent.process import started

# pytest-asyncio 1.5 asks for "the current loop" before it makes its own, and on Python 3.11 that makes one nobody
# closes, unless it has been said that there is none.
asyncio.set_event_loop(None)


@pytest.fixture(scope="session")
def node():
    with started() as node:
        yield node
