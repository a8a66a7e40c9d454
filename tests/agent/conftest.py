"""One agent with a real Triton for all tests that leave it as it was."""

import pytest

from tests.agent.process import started


@pytest.fixture(scope="session")
def node():
    with started() as node:
        yield node
