import asyncio
import os
import tempfile

import pytest
import structlog
from hypothesis import Phase, settings

from tests.valkey import running

# pytest-asyncio 1.5 asks for "the current loop" before it makes its own, and on Python 3.11 that makes one nobody
# closes, unless it has been said that there is none.
asyncio.set_event_loop(None)

# What routers and nodes of tests keep is not what those of this machine keep. The folder ends with the tests.
STATE = tempfile.TemporaryDirectory(prefix="autorouter-tests-state-")
os.environ["XDG_STATE_HOME"] = STATE.name

settings.register_profile(
    "ci",
    deadline=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
)
settings.load_profile("ci")


@pytest.fixture(autouse=True)
def _logs_go_where_they_went():
    """A command that a test calls in this process may have sent them to a stream of its own."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def valkey(tmp_path_factory):
    """One Valkey for all tests that leave it running."""
    with running(tmp_path_factory.mktemp("valkey")) as valkey:
        yield valkey
